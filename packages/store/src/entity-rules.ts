import { describeEntity } from '@koko/model';
import type { EntityType, ReferenceDescription, UniqueKey } from '@koko/model';
import type { StoredEntity } from './entity-change.ts';
import type { HeldReference } from './entity-index.ts';

interface UniqueRule extends Pick<UniqueKey, 'fields' | 'nullsCollide'> {
  /** Where each key of this rule begins: type and fields, so that keys of different rules never meet. */
  readonly prefix: string;
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
  const uniques = uniqueKeys.map(({ fields, nullsCollide }) => ({
    fields,
    nullsCollide,
    prefix: `${type}\n${fields.join('+')}\n`,
  }));
  const rules = { primaryKey, references, uniques };
  compiled.set(type, rules);
  return rules;
}

/** What an entity refers to. */
export function referencesOf(rules: EntityRules, entity: StoredEntity): readonly HeldReference[] {
  const held: HeldReference[] = [];
  for (const rule of rules.references) {
    const value = entity[rule.field];
    for (const target of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const id = idOf(target);
      if (id !== undefined) held.push({ rule, target: `${rule.to}/${id}` });
    }
  }
  return held;
}

/** The unique keys that an entity holds. */
export function uniqueKeysOf(rules: EntityRules, entity: Readonly<Record<string, unknown>>): readonly string[] {
  const keys: string[] = [];
  for (const rule of rules.uniques) {
    const key = uniqueKeyOf(rule, entity);
    if (key !== undefined) keys.push(key);
  }
  return keys;
}

/** The key under which exactly these fields are unique, with these values; `undefined` when nothing of the kind exists. */
export function uniqueKeyFor(rules: EntityRules, values: Readonly<Record<string, unknown>>): string | undefined {
  const given = Object.keys(values);
  const rule = rules.uniques.find(({ fields }) => given.length === fields.length && fields.every((f) => f in values));
  return rule && uniqueKeyOf(rule, values);
}

/** The fields that a unique key is made of. */
export function fieldsOfUniqueKey(uniqueKey: string): readonly string[] {
  return uniqueKey.split('\n', 2)[1]?.split('+') ?? [];
}

function uniqueKeyOf(
  { fields, nullsCollide, prefix }: UniqueRule,
  entity: Readonly<Record<string, unknown>>,
): string | undefined {
  const values = fields.map((field) => idOf(entity[field]) ?? entity[field] ?? null);
  if (!nullsCollide && values.includes(null)) return undefined;
  const [value, ...others] = values;
  return prefix + (typeof value === 'string' && others.length === 0 ? value : JSON.stringify(values));
}

/** A reference is `{ id }`; in lists of ids it is the id itself. */
function idOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  const id = (target as { id?: unknown } | null | undefined)?.id; // any JSON value; only a text id counts
  return typeof id === 'string' ? id : undefined;
}
