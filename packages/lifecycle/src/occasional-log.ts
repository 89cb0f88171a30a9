import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

const WARN_EVERY_MS = 60_000;

/** Warns at most once a minute, because what hits one of thousands of objects mostly hits them all; the rest is for debugging. */
export class OccasionalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #warnedAt = -Infinity;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    const now = this.#clock.now();
    const isDue = Math.abs(now - this.#warnedAt) >= WARN_EVERY_MS;
    if (isDue) this.#warnedAt = now;
    if (isDue) this.#logger.warn(fields, message);
    else this.#logger.debug(fields, message);
  }
}
