export type ApiErrorCode =
  | 'ERR_KUBERNETES_CONFIG'
  | 'ERR_KUBERNETES_CONFLICT'
  | 'ERR_KUBERNETES_ELECTION'
  | 'ERR_KUBERNETES_FAILED'
  | 'ERR_KUBERNETES_FORBIDDEN'
  | 'ERR_KUBERNETES_GONE'
  | 'ERR_KUBERNETES_INVALID'
  | 'ERR_KUBERNETES_MALFORMED'
  | 'ERR_KUBERNETES_NOT_FOUND'
  | 'ERR_KUBERNETES_PUBLISH'
  | 'ERR_KUBERNETES_SILENT'
  | 'ERR_KUBERNETES_STREAM_BROKEN'
  | 'ERR_KUBERNETES_THROTTLED'
  | 'ERR_KUBERNETES_TIMEOUT'
  | 'ERR_KUBERNETES_UNAUTHORIZED'
  | 'ERR_KUBERNETES_UNREACHABLE';

export interface ApiErrorOptions extends ErrorOptions {
  /** HTTP status, where the API server answered. */
  readonly status?: number;
  /** How long the API server asks to be left alone. */
  readonly retryAfterMs?: number;
}

/** Thrown by everything that talks with an API server. Branch on `code`; `message` is for people, may change and holds no credentials. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

const CODES: Readonly<Record<number, ApiErrorCode>> = {
  400: 'ERR_KUBERNETES_INVALID',
  401: 'ERR_KUBERNETES_UNAUTHORIZED',
  403: 'ERR_KUBERNETES_FORBIDDEN',
  404: 'ERR_KUBERNETES_NOT_FOUND',
  409: 'ERR_KUBERNETES_CONFLICT',
  410: 'ERR_KUBERNETES_GONE',
  422: 'ERR_KUBERNETES_INVALID',
  429: 'ERR_KUBERNETES_THROTTLED',
};
const LONGEST_REASON = 512;

/** The error for an answer that is no success: over HTTP, or as an ERROR event within a watch. */
export function errorForStatus(
  action: { readonly verb: string; readonly resource: string },
  status: number,
  answer: unknown,
  retryAfterMs?: number,
): ApiError {
  const { message, reason } = statusFields(answer);
  // A watch that has expired says so by its reason on some servers, by its code on others.
  const code = reason === 'Expired' ? 'ERR_KUBERNETES_GONE' : (CODES[status] ?? 'ERR_KUBERNETES_FAILED');
  const text = `Cannot ${action.verb} ${action.resource}: ${explain(code, action)}the API server answered ${status}`;
  const detail = message === '' ? '' : `: ${message.slice(0, LONGEST_REASON)}`;
  return new ApiError(code, `${text}${detail}`, { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

function explain(code: ApiErrorCode, { verb, resource }: { readonly verb: string; readonly resource: string }): string {
  if (code === 'ERR_KUBERNETES_FORBIDDEN') return `grant the verb "${verb}" on "${resource}" to this account; `;
  if (code === 'ERR_KUBERNETES_UNAUTHORIZED') return 'the credentials are missing, wrong or expired; ';
  return '';
}

function statusFields(answer: unknown): { readonly message: string; readonly reason: string } {
  // Whatever a server sends along with an error; nothing of it is relied on.
  const { message, reason } = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  return { message: typeof message === 'string' ? message : '', reason: typeof reason === 'string' ? reason : '' };
}
