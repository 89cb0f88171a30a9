import type { Offender } from './entity-change.ts';

/** Codes of `StoreError`; each is listed with its remedy in `docs/errors.md`. */
export type StoreErrorCode =
  | 'ERR_STORE_BATCH_REFUSED'
  | 'ERR_STORE_CLUSTER_INVALID'
  | 'ERR_STORE_CONTENT_UNREADABLE'
  | 'ERR_STORE_CURSOR_INVALID'
  | 'ERR_STORE_KEY_NOT_UNIQUE'
  | 'ERR_STORE_NOT_FOUND'
  | 'ERR_STORE_NOT_OPEN'
  | 'ERR_STORE_SECOND_WRITER';

/** Thrown by every `Store` method. Branch on `code`; `message` is for people and may change. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** With `ERR_STORE_BATCH_REFUSED`: every change that stands in the way, in order of the batch. Otherwise empty. */
  readonly offenders: readonly Offender[];

  constructor(code: StoreErrorCode, message: string, options: ErrorOptions & { offenders?: readonly Offender[] } = {}) {
    super(message, options);
    this.code = code;
    this.offenders = options.offenders ?? [];
  }
}

const SHOWN_OFFENDERS = 3;

/** The refusal of a batch: its message shows the first few offenders, `offenders` holds all. */
export function batchRefused(offenders: readonly Offender[]): StoreError {
  const shown = offenders.slice(0, SHOWN_OFFENDERS).map(({ type, id, problems }) => {
    const reasons = problems.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${message}`,
    );
    return `${type} ${id ?? 'without id'}: ${reasons.join('; ')}`;
  });
  const rest = offenders.length - shown.length;
  const message = `Cannot write: ${shown.join(' | ')}${rest > 0 ? ` | and ${rest} more` : ''}`;
  return new StoreError('ERR_STORE_BATCH_REFUSED', message, { offenders });
}
