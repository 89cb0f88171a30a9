import type { ServedKind } from './served-kind.ts';

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** What a `Status` says besides code and message. */
export interface StatusDetails {
  readonly reason?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
}

/** A refusal as Kubernetes words it: the body of the answer is a `Status` object. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: number;
  readonly #details: StatusDetails;

  constructor(code: number, message: string, details: StatusDetails = {}) {
    super(message);
    this.code = code;
    this.#details = details;
  }

  get retryAfterSeconds(): number | undefined {
    return this.#details.retryAfterSeconds;
  }

  toStatus(): Record<string, unknown> {
    const { reason, metadata, retryAfterSeconds } = this.#details;
    const details =
      retryAfterSeconds === undefined ? this.#details.details : { ...this.#details.details, retryAfterSeconds };
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: metadata ?? {},
      status: 'Failure',
      message: this.message,
      reason: reason ?? REASONS[this.code] ?? 'Unknown',
      ...(details === undefined ? {} : { details }),
      code: this.code,
    };
  }
}

/** `ingresses.networking.k8s.io`, as messages name a resource. */
export function qualifiedResource(kind: ServedKind): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

function detailsOf(kind: ServedKind, name: string): Record<string, unknown> {
  return { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural };
}

export function notFound(kind: ServedKind, name: string): StatusError {
  return new StatusError(404, `${qualifiedResource(kind)} "${name}" not found`, { details: detailsOf(kind, name) });
}

export function alreadyExists(kind: ServedKind, name: string): StatusError {
  const details = detailsOf(kind, name);
  return new StatusError(409, `${qualifiedResource(kind)} "${name}" already exists`, {
    reason: 'AlreadyExists',
    details,
  });
}

export function conflict(kind: ServedKind, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(kind)} "${name}": ${why}`;
  return new StatusError(409, message, { details: detailsOf(kind, name) });
}

export function invalid(kind: ServedKind, name: string, field: string, why: string): StatusError {
  const message = `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`} "${name}" is invalid: ${field}: ${why}`;
  const causes = [{ reason: 'FieldValueInvalid', message: why, field }];
  return new StatusError(422, message, { details: { ...detailsOf(kind, name), kind: kind.kind, causes } });
}

/** The answer to a resourceVersion or continue token whose history is gone. */
export function expired(message: string, metadata?: Readonly<Record<string, unknown>>): StatusError {
  return new StatusError(410, message, metadata === undefined ? {} : { metadata });
}
