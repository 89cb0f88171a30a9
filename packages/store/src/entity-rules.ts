import { describeEntity } from '@koko/model';
import type { EntityType, ReferenceDescription, UniqueKey as UniqueKeyDescription } from '@koko/model';
import type { StoredEntity } from './entity-change.ts';

/** Fields of a type whose values no two entities may share. */
export type UniqueRule = UniqueKeyDescription;

/** A reference that an entity holds, to the `id` of a `rule.to`. */
export interface HeldReference {
  readonly rule: ReferenceDescription;
  readonly id: string;
}

/** What only one entity can have: these values of the fields of a rule. */
export interface UniqueKey {
  readonly rule: UniqueRule;
  readonly value: string;
}

/** The parts of a type's description that the store enforces, compiled once. */
export interface EntityRules {
  readonly primaryKey: string;
  readonly references: readonly ReferenceDescription[];
  readonly uniques: readonly UniqueRule[];
}

const compiled = new Map<EntityType, EntityRules>();

/** The rules of a type. */
export function rulesFor(type: EntityType): EntityRules {
  const known = compiled.get(type);
  if (known !== undefined) return known;
  const { primaryKey, references, uniqueKeys } = describeEntity(type);
  const rules = { primaryKey, references, uniques: uniqueKeys };
  compiled.set(type, rules);
  return rules;
}

const NONE: readonly never[] = [];

/** What an entity refers to. */
export function referencesOf(rules: EntityRules, entity: StoredEntity): readonly HeldReference[] {
  let held: readonly HeldReference[] = NONE;
  for (const rule of rules.references) {
    const value = entity[rule.field];
    for (const target of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const id = idOf(target);
      if (id !== undefined) held = [...held, { rule, id }]; // mostly the only one: `push` would leave room for 16 more
    }
  }
  return held;
}

/** What an entity holds of each unique key of its type, in the order of the rules. */
export function uniqueValuesOf(
  rules: EntityRules,
  entity: Readonly<Record<string, unknown>>,
): readonly (string | undefined)[] {
  return rules.uniques.length === 0 ? NONE : rules.uniques.map((rule) => uniqueValueOf(rule, entity));
}

/** The unique keys of an entity, from what it holds of each. */
export function uniqueKeysOf(type: EntityType, values: readonly (string | undefined)[]): readonly UniqueKey[] {
  return rulesFor(type).uniques.flatMap((rule, position) => {
    const value = values[position];
    return value === undefined ? [] : [{ rule, value }];
  });
}

/** The key under which exactly these fields are unique, with these values; `undefined` when nothing of the kind exists. */
export function uniqueKeyFor(rules: EntityRules, values: Readonly<Record<string, unknown>>): UniqueKey | undefined {
  const given = Object.keys(values);
  const rule = rules.uniques.find(({ fields }) => given.length === fields.length && fields.every((f) => f in values));
  const value = rule && uniqueValueOf(rule, values);
  return rule === undefined || value === undefined ? undefined : { rule, value };
}

function uniqueValueOf(
  { fields, nullsCollide }: UniqueRule,
  entity: Readonly<Record<string, unknown>>,
): string | undefined {
  const values = fields.map((field) => idOf(entity[field]) ?? entity[field] ?? null);
  if (!nullsCollide && values.includes(null)) return undefined;
  const [value, ...others] = values;
  return typeof value === 'string' && others.length === 0 ? value : JSON.stringify(values);
}

/** A reference is `{ id }`; in lists of ids it is the id itself. */
function idOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  const id = (target as { id?: unknown } | null | undefined)?.id; // any JSON value; only a text id counts
  return typeof id === 'string' ? id : undefined;
}
