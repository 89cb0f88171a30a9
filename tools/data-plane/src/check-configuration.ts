import type { RouterFlavor } from '@koko/model';
import { bundledPlugins } from './bundled-plugins.ts';
import type { CheckContext } from './check-context.ts';
import { checkEntity } from './check-entity.ts';
import { CheckedConfiguration } from './checked-configuration.ts';
import type { CheckedEntity } from './checked-configuration.ts';
import { collectionObjection } from './collections.ts';
import type { ConfigurationProblem } from './events.ts';
import type { PlacedEntity } from './placed-entity.ts';
import { referenceProblems } from './references.ts';
import { duplicateProblems } from './uniqueness.ts';
import type { VersionTraits } from './version-traits.ts';
import { defaultRouterFlavor, traitsOf } from './version-traits.ts';
import { warningsFor } from './warnings.ts';

/** For which data plane a configuration is checked. */
export interface CheckOptions {
  /** Kong's version, for example `3.9.3`. */
  readonly version: string;
  /** Enabled plugins; default: what the version ships. */
  readonly plugins?: readonly string[];
  /** Default `traditional_compatible`, Kong's own from 3.0 on; 2.x knows only `traditional`. */
  readonly routerFlavor?: RouterFlavor;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** A configuration that is accepted, or everything it is refused for. */
export type CheckResult =
  | { readonly ok: true; readonly value: CheckedConfiguration }
  | { readonly ok: false; readonly problems: readonly [ConfigurationProblem, ...ConfigurationProblem[]] };

type Table = Readonly<Record<string, unknown>>;

const MAX_PROBLEMS = 1000;

/**
 * Checks a `config_table` as a data plane does before it takes a configuration: all or nothing. Configurations of
 * plugins are not looked into.
 * @param previous The configuration accepted before: entities that are equal there are not checked again. It must have
 * been checked with the same options.
 */
export function checkConfiguration(
  configTable: unknown,
  options: CheckOptions,
  previous?: CheckedConfiguration,
): CheckResult {
  const problems: ConfigurationProblem[] = [];
  const table = configTable as Table; // looked at on the next line
  if (typeof configTable !== 'object' || configTable === null || Array.isArray(configTable)) {
    const problem = { code: 'ERR_DATA_PLANE_TABLE_MISSING', path: [], message: 'config_table is not an object' };
    return { ok: false, problems: [problem] };
  }
  const traits = traitsOf(options.version);
  problems.push(...headProblems(table, traits));
  const context = contextFor(table, traits, options);
  const collections = checkCollections(table, { context, previous, problems });
  problems.push(...referenceProblems(collections));
  const [first, ...others] = problems.slice(0, MAX_PROBLEMS);
  if (first !== undefined) return { ok: false, problems: [first, ...others] };
  const byKey = new Map([...collections].map(([type, placed]) => [type, byPrimaryKey(placed)]));
  return { ok: true, value: new CheckedConfiguration(byKey, warningsFor(table, byKey)) };
}

const byPrimaryKey = (placed: readonly PlacedEntity[]): ReadonlyMap<string, CheckedEntity> =>
  new Map(placed.map(({ entity }) => [entity.primaryKey, entity]));

function contextFor(table: Table, traits: VersionTraits, options: CheckOptions): CheckContext {
  return {
    traits,
    plugins: new Set(options.plugins ?? bundledPlugins(options.version)),
    routerFlavor: options.routerFlavor ?? defaultRouterFlavor(traits),
    nowMs: (options.now ?? Date.now)(),
    migratesPaths: traits.major >= 3 && table['_format_version'] !== '3.0',
  };
}

const HEAD_FIELDS = ['_format_version', '_transform', '_comment', '_ignore'];

function headProblems(table: Table, { formatVersions, version }: VersionTraits): ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = [];
  const report = (field: string, message: string): void =>
    void problems.push({ code: 'ERR_DATA_PLANE_HEAD', path: [field], message });
  const formatVersion = table['_format_version'] ?? null;
  if (formatVersion === null) report('_format_version', 'required field missing');
  else if (typeof formatVersion !== 'string') report('_format_version', 'expected a string');
  else if (!formatVersions.includes(formatVersion)) {
    report(
      '_format_version',
      `expected one of ${formatVersions.join(', ')} for Kong ${version}, found ${formatVersion}`,
    );
  }
  const { _transform: transform = null, _comment: comment = null, _ignore: ignored = null } = table;
  if (transform !== null && typeof transform !== 'boolean') report('_transform', 'expected a boolean');
  if (comment !== null && typeof comment !== 'string') report('_comment', 'expected a string');
  if (ignored !== null && !isList(ignored)) report('_ignore', 'expected an array');
  return problems;
}

/** An empty Lua table is written as `{}`, whether it was a list or not. */
const isList = (value: unknown): boolean =>
  Array.isArray(value) || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

interface Pass {
  readonly context: CheckContext;
  readonly previous: CheckedConfiguration | undefined;
  readonly problems: ConfigurationProblem[];
}

function checkCollections(table: Table, pass: Pass): Map<string, readonly PlacedEntity[]> {
  const collections = new Map<string, readonly PlacedEntity[]>();
  for (const [name, value] of Object.entries(table)) {
    if (HEAD_FIELDS.includes(name) || value === null) continue;
    const objection = collectionObjection(name, pass.context.traits, pass.context.plugins);
    const message = objection ?? (isList(value) ? undefined : 'expected an array');
    if (message === undefined) collections.set(name, checkCollection(name, Array.isArray(value) ? value : [], pass));
    else pass.problems.push({ code: 'ERR_DATA_PLANE_COLLECTION', path: [name], message });
  }
  return collections;
}

function checkCollection(type: string, items: readonly unknown[], pass: Pass): readonly PlacedEntity[] {
  const before = pass.previous?.entitiesOf(type);
  const placed: PlacedEntity[] = [];
  for (const [index, item] of items.entries()) {
    const { entity, problems } = checkEntity({ type, item, index, before }, pass.context);
    if (entity !== undefined) placed.push({ entity, index });
    pass.problems.push(...problems);
  }
  pass.problems.push(...duplicateProblems(type, placed));
  return placed;
}
