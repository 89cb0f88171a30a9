/** Codes of {@link WrpcError}; `docs/errors.md` lists them with their remedies. */
export type WrpcErrorCode =
  | 'ERR_WRPC_ANSWERS_UNREAD'
  | 'ERR_WRPC_CALL_ABORTED'
  | 'ERR_WRPC_CALL_EXPIRED'
  | 'ERR_WRPC_CALLS_EXHAUSTED'
  | 'ERR_WRPC_CLOSED'
  | 'ERR_WRPC_CONNECT'
  | 'ERR_WRPC_FRAME_INVALID'
  | 'ERR_WRPC_FRAME_TOO_LARGE'
  | 'ERR_WRPC_MESSAGE_INVALID'
  | 'ERR_WRPC_REMOTE'
  | 'ERR_WRPC_SERVICE_DUPLICATE';

/** Thrown by everything in this package. Branch on `code`; `message` is for people and may change. */
export class WrpcError extends Error {
  override readonly name = 'WrpcError';
  readonly code: WrpcErrorCode;

  constructor(code: WrpcErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The text of anything thrown. */
export const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
