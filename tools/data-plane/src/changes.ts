import type { CheckedConfiguration, CheckedEntity } from './checked-configuration.ts';
import type { EntityChange } from './events.ts';

/** What differs between two configurations, at most so many entities in full. */
export interface ChangeSummary {
  readonly changes: readonly EntityChange[];
  readonly changeCount: number;
}

type Fields = Readonly<Record<string, unknown>>;

const MAX_CHANGES = 20;

/** The collections people look for first. */
const FIRST = ['routes', 'services', 'plugins', 'consumers', 'upstreams', 'targets'];

/** What to show of an entity besides its name. Credentials, keys and certificates show nothing. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
  routes: ['hosts', 'paths', 'methods', 'expression', 'priority', 'service'],
  services: ['protocol', 'host', 'port', 'path', 'enabled'],
  plugins: ['service', 'route', 'consumer', 'enabled'],
  upstreams: ['algorithm'],
  targets: ['target', 'weight', 'upstream'],
  snis: ['certificate'],
};

/** Fields that may name an entity, by preference; none of them is a secret. */
const NAMES = ['name', 'username', 'target', 'custom_id', 'key_name', 'id'];
const NAMED_OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  parameters: ['key'],
  keys: ['name', 'kid', 'id'],
};

interface Difference {
  readonly op: EntityChange['op'];
  readonly type: string;
  readonly before?: CheckedEntity | undefined;
  readonly after?: CheckedEntity | undefined;
}

const rankOf = (type: string): number => (FIRST.includes(type) ? FIRST.indexOf(type) : FIRST.length);

let lastPair: readonly [CheckedConfiguration | undefined, CheckedConfiguration, ChangeSummary] | undefined;

/** Compares two configurations; the last answer is kept, because many data planes make the same step. */
export function changesBetween(before: CheckedConfiguration | undefined, after: CheckedConfiguration): ChangeSummary {
  if (lastPair?.[0] === before && lastPair?.[1] === after) return lastPair[2];
  const differences = [...after.types()]
    .concat([...(before?.types() ?? [])].filter((type) => !after.has(type)))
    .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))
    .flatMap((type) => differencesOf(type, before?.entitiesOf(type), after.entitiesOf(type)));
  const summary = {
    changes: differences.slice(0, MAX_CHANGES).map((difference) => describe(difference, [after, before])),
    changeCount: differences.length,
  };
  lastPair = [before, after, summary];
  return summary;
}

type Entities = ReadonlyMap<string, CheckedEntity>;

function differencesOf(type: string, before: Entities | undefined, after: Entities | undefined): Difference[] {
  const differences: Difference[] = [];
  for (const [key, entity] of after ?? []) {
    const old = before?.get(key);
    if (old === undefined) differences.push({ op: 'create', type, after: entity });
    else if (old.text !== entity.text) differences.push({ op: 'update', type, before: old, after: entity });
  }
  for (const [key, entity] of before ?? []) {
    if (after?.has(key) !== true) differences.push({ op: 'delete', type, before: entity });
  }
  return differences;
}

type Configurations = readonly (CheckedConfiguration | undefined)[];

function describe({ op, type, before, after }: Difference, configurations: Configurations): EntityChange {
  const fields: Fields = (after ?? before)?.fields() ?? {};
  const names = NAMED_OTHERWISE[type] ?? NAMES;
  const name = names.map((field) => fields[field]).find((value) => typeof value === 'string');
  const shown = (SHOWN[type] ?? [])
    .filter((field) => fields[field] !== undefined && fields[field] !== null)
    .map((field) => [field, readable(field, fields[field], configurations)] as const);
  const changed = op === 'update' ? { fields: changedFields(before?.fields() ?? {}, fields) } : {};
  return { op, type, name: name ?? '(unnamed)', ...Object.fromEntries(shown), ...changed };
}

const REFERENCES: Readonly<Record<string, string>> = {
  service: 'services',
  route: 'routes',
  consumer: 'consumers',
  upstream: 'upstreams',
};

/** People know entities by their names: shows the name of what a reference leads to, if it has one. */
function readable(field: string, value: unknown, configurations: Configurations): unknown {
  const type = REFERENCES[field];
  if (type === undefined || typeof value !== 'string') return value;
  const names = configurations.map((configuration) => configuration?.entitiesOf(type)?.get(value)?.endpointKey);
  return names.find((name) => name !== undefined) ?? value;
}

const changedFields = (before: Fields, after: Fields): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .sort();
