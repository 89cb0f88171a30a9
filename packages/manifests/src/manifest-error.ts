export type ManifestErrorCode = 'ERR_MANIFESTS_DIRECTORY_MISSING' | 'ERR_MANIFESTS_DIRECTORY_UNREADABLE';

/** Thrown when a manifest directory cannot be read at all. Branch on `code`; `message` is for people and may change. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly code: ManifestErrorCode;

  constructor(code: ManifestErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
