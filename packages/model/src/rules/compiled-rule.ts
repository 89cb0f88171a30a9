import type { Context } from '../entity-problem.ts';
import { report } from '../entity-problem.ts';
import { isNonEmpty } from '../value.ts';

/** A filled entity while its rules are checked; its fields may have problems. */
export interface Candidate {
  readonly entity: Readonly<Record<string, unknown>>;
  readonly context: Context;
}

/** A rule compiled for a version and flavour. */
export type CompiledRule = (candidate: Candidate) => void;

/** Whether a field (or a member of one, `a.b`) already has a problem: most rules leave such fields alone. */
export function hasFailed({ context }: Candidate, name: string): boolean {
  const [field, member] = name.split('.');
  return context.problems.some(({ path }) => path[0] === field && (member === undefined || path[1] === member));
}

/** Whether any of the fields has a problem. */
export function haveFailed(candidate: Candidate, names: readonly string[]): boolean {
  return candidate.context.problems.length > 0 && names.some((name) => hasFailed(candidate, name));
}

/** Whether a field, or a member of one, holds something. */
export function isFilled({ entity }: Candidate, name: string): boolean {
  const [field = '', member] = name.split('.');
  const value = entity[field];
  if (member === undefined) return isNonEmpty(value);
  // A member is looked up in objects only, where any name may be asked for.
  return typeof value === 'object' && value !== null && isNonEmpty((value as Record<string, unknown>)[member]);
}

/** Records a problem with the entity as a whole. */
export function refuse({ context }: Candidate, message: string): void {
  report(context, 'ERR_ENTITY_RULE', message);
}
