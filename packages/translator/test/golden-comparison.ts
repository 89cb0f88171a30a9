import type { ObjectReference, TranslatedEntity } from '../src/index.ts';

/** Types that the translator makes so far; lists of others in a golden file are not compared. */
const SECTIONS = ['certificates', 'services', 'upstreams'] as const;

/** Both documents as sets of entities, `null` and empty collections counting as absent. */
export function comparable(document: unknown): unknown {
  const record = isRecord(document) ? document : {};
  return Object.fromEntries(SECTIONS.map((section) => [section, asSet(record[section])]));
}

/** Lists in which the order matters. */
const ORDERED = new Set(['paths', 'hosts', 'tags']);

function asSet(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => asSet(item));
    return items.length === 0 ? undefined : ORDERED.has(field) ? items : sortedByText(items);
  }
  if (!isRecord(value)) return value ?? undefined;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, asSet(item, key)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function sortedByText(items: readonly unknown[]): readonly unknown[] {
  return items
    .map((item) => [JSON.stringify(item), item] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

const MATCH_FIELDS: ReadonlySet<string> = new Set([
  'hosts',
  'paths',
  'regex_priority',
  'path_handling',
  'expression',
  'priority',
]);

/** Entities without the fields in which the router flavours differ. */
export function withoutMatch(entities: Iterable<TranslatedEntity>): readonly object[] {
  return [...entities].map(({ entity, ...rest }) => ({
    ...rest,
    entity: Object.fromEntries(Object.entries(entity).filter(([field]) => !MATCH_FIELDS.has(field))),
  }));
}

/** `Ingress default/web` */
export function blamedName({ kind, namespace, name }: ObjectReference): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
