/** Codes of `PersisterError`; each is listed with its remedy in `docs/errors.md`. */
export type PersisterErrorCode =
  | 'ERR_PERSISTER_ALREADY_OPEN'
  | 'ERR_PERSISTER_BUSY'
  | 'ERR_PERSISTER_FULL'
  | 'ERR_PERSISTER_KEY_INVALID'
  | 'ERR_PERSISTER_NESTED'
  | 'ERR_PERSISTER_NOT_OPEN'
  | 'ERR_PERSISTER_SNAPSHOT_CHANGED'
  | 'ERR_PERSISTER_SNAPSHOT_CORRUPT'
  | 'ERR_PERSISTER_SNAPSHOT_FOREIGN'
  | 'ERR_PERSISTER_SNAPSHOT_UNREADABLE'
  | 'ERR_PERSISTER_SNAPSHOT_UNWRITABLE'
  | 'ERR_PERSISTER_TRANSACTION_OVER'
  | 'ERR_PERSISTER_VALUE_TOO_LARGE'
  | 'ERR_PERSISTER_WASM_MISSING';

/** Thrown by every persister of this package. Branch on `code`; `message` is for people and may change. */
export class PersisterError extends Error {
  override readonly name = 'PersisterError';
  readonly code: PersisterErrorCode;

  constructor(code: PersisterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
