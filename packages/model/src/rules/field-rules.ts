import { parseKey } from '../checks/pem.ts';
import { isKnown } from '../compile-field.ts';
import { reportAt } from '../entity-problem.ts';
import type { Field, Fields } from '../field.ts';
import type { Settings } from '../settings.ts';
import { quoted } from '../value.ts';
import type { Candidate, CompiledRule } from './compiled-rule.ts';
import { hasFailed, haveFailed, isFilled, refuse } from './compiled-rule.ts';
import type { Consequence, Rule } from './rule.ts';

type RuleNamed<N extends Rule['rule']> = Extract<Rule, { readonly rule: N }>;

export function atLeastOneOf({ fields }: RuleNamed<'atLeastOneOf'>): CompiledRule {
  return (candidate) => {
    if (fields.some((name) => isFilled(candidate, name))) return;
    refuse(candidate, `at least one of these fields must be non-empty: ${quoted(fields)}`);
  };
}

export function onlyOneOf({ fields }: RuleNamed<'onlyOneOf'>): CompiledRule {
  return (candidate) => {
    if (haveFailed(candidate, fields) || fields.filter((name) => isFilled(candidate, name)).length < 2) return;
    // What is in a vault is not known here, nor whether it is set.
    if (fields.some((name) => isReferenced(candidate, name))) return;
    refuse(candidate, `only one or none of these fields must be set: ${quoted(fields)}`);
  };
}

/** Whether a field is a reference into a vault. Only fields that may be one are asked for. */
function isReferenced({ entity }: Candidate, name: string): boolean {
  const value = entity[name];
  return typeof value === 'string' && value.startsWith('{vault://');
}

export function allOrNone({ fields }: RuleNamed<'allOrNone'>): CompiledRule {
  return (candidate) => {
    if (haveFailed(candidate, fields)) return;
    // What is in a vault is not known here: a lone reference passes.
    const isReference = fields.some((name) => isReferenced(candidate, name));
    const filled = fields.filter((name) => isFilled(candidate, name)).length;
    if (filled === 0 || filled === fields.length || isReference) return;
    refuse(candidate, `all or none of these fields must be set: ${quoted(fields)}`);
  };
}

export function distinct({ fields }: RuleNamed<'distinct'>): CompiledRule {
  const [first, second] = fields;
  return (candidate) => {
    // Fields with problems of their own are compared, too.
    if (candidate.entity[first] !== candidate.entity[second] || !isFilled(candidate, first)) return;
    refuse(candidate, `values of these fields must be distinct: ${quoted(fields)}`);
  };
}

/** Belongs to what a write computes from fields: those fields and what the computation needs go together. */
export function needs({ input, needs: needed }: RuleNamed<'needs'>): CompiledRule {
  const all = [...input, ...needed];
  return (candidate) => {
    if (!input.some((name) => isFilled(candidate, name))) return;
    if (all.every((name) => isFilled(candidate, name))) return;
    refuse(candidate, `all or none of these fields must be set: ${quoted(all)}`);
  };
}

/**
 * The consequence inherits the checks of its field: where the field already has a problem, the rule fails, too. What it
 * then says of the field replaces what was said before.
 * @see Kong Gateway, `kong/db/schema/init.lua`, entity check `conditional`
 */
export function when(rule: RuleNamed<'when'>, fields: Fields, settings: Settings): CompiledRule | undefined {
  if (!settings.atLeast(rule.since) || (rule.before !== undefined && settings.atLeast(rule.before))) return undefined;
  const target = fields[rule.consequence.field];
  if (target === undefined || !isKnown(target, settings)) return undefined;
  const isRequired = fields[rule.field]?.required === true;
  const consequence = consequenceFor(rule.consequence, target, settings);
  const values = new Set<unknown>(rule.is);
  return (candidate) => {
    const value = candidate.entity[rule.field];
    const applies = value === null || value === undefined ? !isRequired : values.has(value);
    if (applies && !hasFailed(candidate, rule.field) && !holds(consequence, candidate))
      refuse(candidate, `failed conditional validation given value of field '${rule.field}'`);
  };
}

/** Values that the version does not have are none of those allowed. */
function consequenceFor(consequence: Consequence, target: Field, settings: Settings): Consequence {
  if (consequence.must !== 'beOneOf' || target.kind !== 'string') return consequence;
  return { ...consequence, values: consequence.values.filter((one) => settings.atLeast(target.valuesSince?.[one])) };
}

function holds(consequence: Consequence, candidate: Candidate): boolean {
  const value = candidate.entity[consequence.field];
  const isNull = value === null || value === undefined;
  if (isNull && (consequence.must === 'beNull' || consequence.must === 'beOneOf')) return true;
  if (hasFailed(candidate, consequence.field)) {
    const isSaid =
      consequence.must === 'beNull' ||
      (consequence.must === 'beOneOf' && typeof value === 'string' && !consequence.values.includes(value));
    if (!isSaid) return false;
    forget(candidate, consequence.field);
  }
  switch (consequence.must) {
    case 'beNull':
      return failAt(candidate, consequence.field, 'ERR_FIELD_FORBIDDEN', 'value must be null');
    case 'beSet':
      return !isNull || failAt(candidate, consequence.field, 'ERR_FIELD_REQUIRED', 'required field missing');
    case 'beSetAndLoadAsKey':
      if (isNull) return failAt(candidate, consequence.field, 'ERR_FIELD_REQUIRED', 'required field missing');
      return (
        (typeof value === 'string' && parseKey(value) !== undefined) ||
        failAt(candidate, consequence.field, 'ERR_FIELD_FORMAT', 'invalid key')
      );
    case 'beOneOf':
      return (
        (typeof value === 'string' && consequence.values.includes(value)) ||
        failAt(candidate, consequence.field, 'ERR_FIELD_VALUE', `expected one of: ${consequence.values.join(', ')}`)
      );
    default:
      return consequence satisfies never;
  }
}

type FieldCode = 'ERR_FIELD_FORBIDDEN' | 'ERR_FIELD_REQUIRED' | 'ERR_FIELD_FORMAT' | 'ERR_FIELD_VALUE';

function forget({ context: { problems } }: Candidate, field: string): void {
  const others = problems.filter(({ path }) => path[0] !== field);
  problems.splice(0, problems.length, ...others);
}

function failAt({ context }: Candidate, field: string, code: FieldCode, message: string): false {
  reportAt(context, [field], code, message);
  return false;
}
