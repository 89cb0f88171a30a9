/** One thing wrong with an input, addressed so that a client can mark the field. */
export interface Problem {
  /** Stable, e.g. `ERR_FIELD_REQUIRED`; listed with its remedy in `docs/errors.md`. */
  readonly code: string;
  /** Where, e.g. `['methods', 1]`; list positions count from 0; empty means the entity as a whole. */
  readonly path: readonly (string | number)[];
  /** For people; may change. Never holds a secret. */
  readonly message: string;
}

/** The outcome of reading an input that may well be wrong. */
export type Result<T> = { ok: true; value: T } | { ok: false; problems: readonly [Problem, ...Problem[]] };
