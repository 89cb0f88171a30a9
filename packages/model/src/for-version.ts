import { descriptionOf } from './entity-types.ts';
import type { EntityOf, EntityType } from './entity-types.ts';
import type { Field, Fields } from './field.ts';
import { isPlainObject } from './value.ts';
import { levelHas, newestLevel, versionLevel } from './version.ts';

/** An entity as an older data plane knows it. */
export interface VersionedEntity {
  /** Undefined when the version does not know the type, or cannot express the entity at all. */
  readonly entity: Readonly<Record<string, unknown>> | undefined;
  /** Dotted paths of what was removed or rewritten, nulls and defaults apart; the type itself as an empty path. */
  readonly removed: readonly string[];
}

type Members = Record<string, unknown>;

/** A change of values for data planes before a version, where removing the field is not the answer. */
interface Rewrite {
  readonly before: string;
  readonly type: EntityType;
  /** Changes the copy; answers the paths that it changed. */
  readonly apply: (entity: Members) => readonly string[];
}

const tlsFields = ['client_certificate', 'tls_verify', 'tls_verify_depth', 'ca_certificates'];

const rewrites: readonly Rewrite[] = [
  { before: '3.3', type: 'vaults', apply: environmentPrefix },
  { before: '3.2', type: 'services', apply: tlsOfPlainTls },
  { before: '3.0', type: 'routes', apply: unmarkRegexes },
  { before: '3.0', type: 'upstreams', apply: withoutLoneFallback },
];

/** What an older version cannot say in any way; leaving it out would match more, or check less, than was meant. */
interface Loss {
  readonly before: string;
  readonly type: EntityType;
  readonly path: string;
  readonly isLost: (entity: Members) => boolean;
}

const losses: readonly Loss[] = [
  {
    before: '3.7',
    type: 'routes',
    path: 'snis',
    isLost: ({ snis }) => Array.isArray(snis) && snis.some((sni) => typeof sni === 'string' && sni.includes('*')),
  },
  {
    before: '3.9',
    type: 'keys',
    path: 'pem',
    isLost: ({ pem }) =>
      isPlainObject(pem) && ((pem['private_key'] ?? null) === null || (pem['public_key'] ?? null) === null),
  },
];

/** What takes the place of a value that a version does not know yet, where its absence would not do. */
const replacements: Readonly<Record<string, string>> = {
  'upstreams.algorithm': 'round-robin',
  'upstreams.hash_on': 'none',
  'upstreams.hash_fallback': 'none',
};

/**
 * Removes and rewrites what a data plane of a version does not know, so that it does not refuse the whole
 * configuration. Plugin configuration is not looked into.
 * @param entity A filled entity, in memory or in declarative form.
 * @param version Of the data plane, e.g. `3.1.1`.
 * @see Kong Gateway, `kong/clustering/compat/checkers.lua`
 */
export function entityForVersion<T extends EntityType>(
  type: T,
  entity: EntityOf<T> | Readonly<Record<string, unknown>>,
  version: string,
): VersionedEntity {
  const level = versionLevel(version);
  if (level >= newestLevel) return { entity: { ...entity }, removed: [] };
  const has = (since: string | undefined): boolean => levelHas(level, since);
  const description = descriptionOf(type);
  if (!has(description.since)) return { entity: undefined, removed: [''] };
  // Nested records are copied before they are changed.
  const copy: Members = { ...entity };
  const removed: string[] = [];
  const lost: string[] = [];
  if (type === 'services' && !has('2.7') && copy['enabled'] === false) lost.push('enabled');
  for (const [name, field] of changingFields(description.fields, level))
    adapt(copy, name, field, { type, path: name, level, has, removed, lost });
  for (const rewrite of rewrites) {
    if (rewrite.type === type && !has(rewrite.before)) removed.push(...rewrite.apply(copy));
  }
  if (!has('3.0')) removed.push(...plainTags(copy));
  for (const loss of losses) {
    if (loss.type === type && !has(loss.before) && loss.isLost(copy)) lost.push(loss.path);
  }
  return lost.length === 0 ? { entity: copy, removed } : { entity: undefined, removed: [...removed, ...lost] };
}

interface Place {
  readonly type: EntityType;
  readonly path: string;
  readonly level: number;
  readonly has: (since: string | undefined) => boolean;
  readonly removed: string[];
  /** Paths without which the entity would mean something else: it is not sent at all. */
  readonly lost: string[];
}

const changing = new WeakMap<Fields, Map<number, readonly (readonly [string, Field])[]>>();

/** The few fields of which a version may not know all, found out once. */
function changingFields(fields: Fields, level: number): readonly (readonly [string, Field])[] {
  const byLevel = changing.get(fields) ?? new Map<number, readonly (readonly [string, Field])[]>();
  changing.set(fields, byLevel);
  const found = byLevel.get(level) ?? Object.entries(fields).filter(([, field]) => mayChange(field, level));
  byLevel.set(level, found);
  return found;
}

function mayChange(field: Field, level: number): boolean {
  if (!levelHas(level, field.since)) return true;
  if (field.kind === 'record') return Object.values(field.fields).some((inner) => mayChange(inner, level));
  const values = field.kind === 'set' && field.items.kind === 'string' ? field.items : field;
  return values.kind === 'string' && Object.values(values.valuesSince ?? {}).some((since) => !levelHas(level, since));
}

function adapt(owner: Members, name: string, field: Field, place: Place): void {
  const value = owner[name];
  if (value === undefined) return;
  if (!place.has(field.since)) {
    delete owner[name];
    // A default says nothing that its absence does not.
    if (value !== null && !('default' in field && field.default === value)) place.removed.push(place.path);
  } else if (field.kind === 'record' && isPlainObject(value)) {
    const copy: Members = { ...value };
    owner[name] = copy;
    for (const [member, inner] of changingFields(field.fields, place.level))
      adapt(copy, member, inner, { ...place, path: `${place.path}.${member}` });
  } else if (field.kind === 'string' && typeof value === 'string' && !place.has(field.valuesSince?.[value])) {
    replaceValue(owner, name, place);
  } else if (field.kind === 'set' && field.items.kind === 'string' && Array.isArray(value)) {
    keepKnownItems(owner, name, field.items.valuesSince ?? {}, place);
  }
}

function replaceValue(owner: Members, name: string, { type, path, removed, lost }: Place): void {
  const replacement = replacements[`${type}.${path}`];
  if (replacement === undefined) {
    lost.push(path);
  } else {
    owner[name] = replacement;
    removed.push(path);
  }
}

function keepKnownItems(owner: Members, name: string, since: Readonly<Record<string, string>>, place: Place): void {
  const value = owner[name];
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const known = items.filter((item) => typeof item !== 'string' || place.has(since[item]));
  if (known.length === items.length) return;
  owner[name] = known;
  (known.length === 0 ? place.lost : place.removed).push(place.path);
}

/** Before 3.3 the prefix of an `env` vault had no dashes. */
function environmentPrefix(entity: Members): readonly string[] {
  const { name, config } = entity;
  if (name !== 'env' || !isPlainObject(config)) return [];
  const { prefix } = config;
  if (typeof prefix !== 'string' || !prefix.includes('-')) return [];
  entity['config'] = { ...config, prefix: prefix.replaceAll('-', '_') };
  return ['config.prefix'];
}

/** Before 3.2 only https services had TLS options. */
function tlsOfPlainTls(entity: Members): readonly string[] {
  if (entity['protocol'] !== 'tls') return [];
  const given = tlsFields.filter((name) => entity[name] !== null && entity[name] !== undefined);
  if (given.length > 0) for (const name of tlsFields) delete entity[name];
  return given;
}

/** What is no longer hashed on has no fallback either. */
function withoutLoneFallback(entity: Members): readonly string[] {
  if (entity['hash_on'] !== 'none' || entity['hash_fallback'] === 'none') return [];
  entity['hash_fallback'] = 'none';
  return ['hash_fallback'];
}

/** Before 3.0 regular expressions were recognised by their characters. */
function unmarkRegexes(entity: Members): readonly string[] {
  const { paths } = entity;
  if (!Array.isArray(paths)) return [];
  const isMarked = (path: unknown): path is string => typeof path === 'string' && path.startsWith('~/');
  if (!paths.some(isMarked)) return [];
  entity['paths'] = paths.map((path: unknown) => (isMarked(path) ? path.slice(1) : path));
  return ['paths'];
}

/** Before 3.0 tags had no spaces. */
function plainTags(entity: Members): readonly string[] {
  const { tags } = entity;
  if (!Array.isArray(tags)) return [];
  const plain: unknown[] = tags.filter((tag) => typeof tag !== 'string' || !tag.includes(' '));
  if (plain.length === tags.length) return [];
  entity['tags'] = plain.length === 0 ? null : plain;
  return ['tags'];
}
