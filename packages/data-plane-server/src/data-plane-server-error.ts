/** Codes of {@link DataPlaneServerError}; `docs/errors.md` lists them with their remedies. */
export type DataPlaneServerErrorCode =
  | 'ERR_DATA_PLANE_SERVER_CERTIFICATE'
  | 'ERR_DATA_PLANE_SERVER_CLUSTER_ID'
  | 'ERR_DATA_PLANE_SERVER_FEED_ENDED'
  | 'ERR_DATA_PLANE_SERVER_VERSION';

/** Thrown by `DataPlaneServer`. Branch on `code`; `message` is for people and may change. */
export class DataPlaneServerError extends Error {
  override readonly name = 'DataPlaneServerError';
  readonly code: DataPlaneServerErrorCode;

  constructor(code: DataPlaneServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
