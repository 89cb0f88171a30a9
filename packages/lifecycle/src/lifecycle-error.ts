export type LifecycleErrorCode =
  | 'ERR_LIFECYCLE_CYCLE'
  | 'ERR_LIFECYCLE_ENDED_EARLY'
  | 'ERR_LIFECYCLE_LEADER_ONLY'
  | 'ERR_LIFECYCLE_NAME_TAKEN'
  | 'ERR_LIFECYCLE_NAME_UNKNOWN'
  | 'ERR_LIFECYCLE_START_TIMEOUT'
  | 'ERR_LIFECYCLE_STARTED'
  | 'ERR_LIFECYCLE_STOPPED'
  | 'ERR_LIFECYCLE_STOP_TIMEOUT';

/** Thrown by `Lifecycle`. Branch on `code`; `message` is for people and may change. */
export class LifecycleError extends Error {
  override readonly name = 'LifecycleError';
  readonly code: LifecycleErrorCode;

  constructor(code: LifecycleErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
