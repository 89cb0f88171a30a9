import type { Problem } from './problem.ts';

/** Codes of problems that validation finds. */
export type EntityProblemCode =
  | 'ERR_ENTITY_RULE'
  | 'ERR_ENTITY_TYPE_UNKNOWN'
  | 'ERR_FIELD_FORBIDDEN'
  | 'ERR_FIELD_FORMAT'
  | 'ERR_FIELD_LENGTH'
  | 'ERR_FIELD_RANGE'
  | 'ERR_FIELD_REQUIRED'
  | 'ERR_FIELD_TYPE'
  | 'ERR_FIELD_UNKNOWN'
  | 'ERR_FIELD_VALUE'
  | 'ERR_REFERENCE_INVALID';

/** A problem whose path is still being completed by whoever called the check. */
export interface OpenProblem {
  readonly code: EntityProblemCode;
  path: readonly (string | number)[];
  readonly message: string;
}

/** What checks need beside the value; one per validated entity. */
export interface Context {
  readonly problems: OpenProblem[];
  readonly now: () => number;
  readonly generate: (kind: 'uuid' | 'random') => string;
  /** Names of the filters installed for wasm; undefined when wasm is off. */
  readonly wasmFilters: readonly string[] | undefined;
}

/** Records a problem at the value itself; callers put their own key in front with `within`. */
export function report(context: Context, code: EntityProblemCode, message: string): void {
  context.problems.push({ code, path: [], message });
}

/** Records a problem at a member of the value. */
export function reportAt(context: Context, path: Problem['path'], code: EntityProblemCode, message: string): void {
  context.problems.push({ code, path, message });
}

/** Puts a key in front of the paths of all problems found since there were `before`. */
export function within(context: Context, before: number, key: string | number): void {
  const { problems } = context;
  for (let index = before; index < problems.length; index += 1) {
    const problem = problems[index];
    if (problem !== undefined) problem.path = [key, ...problem.path];
  }
}
