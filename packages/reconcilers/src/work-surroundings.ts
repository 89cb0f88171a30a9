import { silentLogger, systemClock } from '@koko/lifecycle';
import type { Clock, Logger } from '@koko/lifecycle';

/** What whoever writes to a cluster needs besides its purpose. */
export interface WorkSurroundings {
  /** Asked before each write, such as whether this process still leads. Default: always. */
  readonly mayWrite?: () => boolean;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** At least 0, less than 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** The same, with the defaults. */
export function surroundingsOf({
  mayWrite = () => true,
  logger = silentLogger,
  clock = systemClock,
  random = Math.random,
}: WorkSurroundings): Required<WorkSurroundings> {
  return { mayWrite, logger, clock, random };
}
