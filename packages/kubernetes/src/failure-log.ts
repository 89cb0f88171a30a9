import { OccasionalLog } from '@koko/lifecycle';
import type { Clock, Logger } from '@koko/lifecycle';
import type { ApiError, ApiErrorCode } from './api-error.ts';

/** What hits one request mostly hits them all. */
const OF_THE_SERVER: ReadonlySet<ApiErrorCode> = new Set([
  'ERR_KUBERNETES_STREAM_BROKEN',
  'ERR_KUBERNETES_THROTTLED',
  'ERR_KUBERNETES_TIMEOUT',
  'ERR_KUBERNETES_UNAUTHORIZED',
  'ERR_KUBERNETES_UNREACHABLE',
]);

/** Warns of what fails again and again: of each sort at once, then once a minute while it lasts; the rest is for debugging. */
export class FailureLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #sorts = new Map<string, OccasionalLog>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** @param kind Of the objects that the request was for; failures of the server as a whole are one sort for all kinds. */
  warn(error: ApiError, kind: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    const sort = OF_THE_SERVER.has(error.code) ? error.code : `${error.code} ${kind}`;
    const log = this.#sorts.get(sort) ?? new OccasionalLog(this.#logger, this.#clock);
    this.#sorts.set(sort, log);
    log.warn({ ...fields, code: error.code, err: error }, message);
  }
}
