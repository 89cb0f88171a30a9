import { compileMembers, isKnown, reportUnknown } from './compile-field.ts';
import type { CompiledMembers } from './compile-field.ts';
import type { EntityDescription, Variant } from './description.ts';
import type { Context } from './entity-problem.ts';
import { report, reportAt } from './entity-problem.ts';
import type { Fields } from './field.ts';
import { compileRule } from './rules/compile-rule.ts';
import type { CompiledRule } from './rules/compiled-rule.ts';
import type { Settings } from './settings.ts';
import { shorthandNamed } from './shorthands.ts';
import { isPlainObject } from './value.ts';

/** Checks an entity and answers it filled; problems go to the context. */
export type CompiledEntity = (input: unknown, context: Context) => Record<string, unknown>;

interface Program {
  readonly members: CompiledMembers;
  readonly rules: readonly CompiledRule[];
}

/** Compiles a description, once per version and flavour, into a function. */
export function compileEntity(description: EntityDescription, settings: Settings): CompiledEntity {
  const shorthands = (description.shorthands ?? []).map(shorthandNamed);
  const extra = [
    ...shorthands.flatMap(({ names }) => names),
    'updated_at',
    ...(description.ttl === true ? ['ttl'] : []),
  ];
  const programFor = compileVariants(description, settings, extra);
  return (input, context) => {
    if (!isPlainObject(input)) {
      report(context, 'ERR_FIELD_TYPE', 'expected a record');
      return {};
    }
    let expanded: Readonly<Record<string, unknown>> | undefined = input;
    for (const { expand } of shorthands)
      expanded = expanded === undefined ? undefined : expand(expanded, context, settings);
    // With a broken shorthand it is not known what was meant: nothing else is checked.
    const program = expanded === undefined ? undefined : programFor(expanded, context);
    if (expanded === undefined || program === undefined) return {};
    const filled = runProgram(program, expanded, context);
    if (description.ttl === true && expanded['ttl'] !== undefined && expanded['ttl'] !== null)
      filled['ttl'] = expanded['ttl'];
    for (const { settle } of shorthands) if (context.problems.length === 0) settle?.(filled, settings);
    return filled;
  };
}

function runProgram(
  { members, rules }: Program,
  input: Readonly<Record<string, unknown>>,
  context: Context,
): Record<string, unknown> {
  reportUnknown(members.names, input, context);
  const entity = members.run(input, context);
  for (const rule of rules) rule({ entity, context });
  return entity;
}

type ProgramChoice = (input: Readonly<Record<string, unknown>>, context: Context) => Program | undefined;

function compileVariants(description: EntityDescription, settings: Settings, extra: readonly string[]): ProgramChoice {
  const base = compileProgram(description, undefined, settings, extra);
  const { variants } = description;
  if (variants === undefined) return () => base;
  const programs = variants.of.map((variant) => compileProgram(description, variant, settings, extra));
  const byValue = new Map(
    variants.of.flatMap(({ values }, index) => values.map((value) => [value, programs[index]] as const)),
  );
  const field = description.fields[variants.by];
  const initial = field !== undefined && 'default' in field ? field.default : undefined;
  return (input, context) => {
    const value = input[variants.by] === undefined ? initial : input[variants.by];
    if (value === null || value === undefined) return base;
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    const decisive = items.find((item) => typeof item === 'string' && byValue.has(item));
    if (typeof decisive === 'string') return byValue.get(decisive);
    const named = typeof items[0] === 'string' ? items[0] : 'nil';
    reportAt(context, [variants.by], 'ERR_FIELD_VALUE', variants.unknown.replace('%s', named));
    return undefined;
  };
}

function compileProgram(
  description: EntityDescription,
  variant: Variant | undefined,
  settings: Settings,
  extra: readonly string[],
): Program {
  const replaced = Object.entries(variant?.fields ?? {}).filter(([, field]) => isKnown(field, settings));
  const fields: Fields = { ...description.fields, ...Object.fromEntries(replaced) };
  const { names, run } = compileMembers(fields, settings);
  const allRules = [...(variant?.rules ?? []), ...(description.rules ?? [])];
  const rules = allRules.map((rule) => compileRule(rule, fields, settings)).filter((rule) => rule !== undefined);
  // From 3.3 on Kong takes `updated_at` even on types that do not have it.
  const known = settings.atLeast('3.3') ? extra : extra.filter((name) => name !== 'updated_at');
  return { members: { names: new Set([...names, ...known]), run }, rules };
}
