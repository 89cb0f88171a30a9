import { validateEntity } from '@koko/model';
import type { EntityType, Problem } from '@koko/model';
import type { CheckContext } from './check-context.ts';
import { CheckedEntity } from './checked-configuration.ts';
import type { WrittenReference } from './checked-configuration.ts';
import type { Collection } from './collections.ts';
import { collectionOf } from './collections.ts';
import { pluginObjection } from './enabled-plugins.ts';
import type { ConfigurationProblem } from './events.ts';
import { withRegexPrefix } from './path-migration.ts';

type Fields = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** An item of a collection, and the entities of that collection in the configuration before. */
export interface Candidate {
  readonly type: string;
  readonly item: unknown;
  readonly index: number;
  readonly before: ReadonlyMap<string, CheckedEntity> | undefined;
}

/** The entity, as far as it can be told, and what is wrong with it. */
export interface EntityResult {
  readonly entity?: CheckedEntity;
  readonly problems: readonly ConfigurationProblem[];
}

/** Stands for a referred entity while the fields are checked; whether it exists is checked once all are known. */
const SOME_ID = { id: '00000000-0000-4000-8000-000000000000' };

/** Kong's early name of `vaults`, with the same fields; known to 2.8 only. */
const schemaTypeOf = (type: string): EntityType => (type === 'vaults_beta' ? 'vaults' : type) as EntityType; // known by now

/** Checks one entity by itself: fields, references as written, and what only data planes object to. */
export function checkEntity({ type, item, index, before }: Candidate, context: CheckContext): EntityResult {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    return { problems: [problem([type, index], 'expected an object')] };
  }
  const fields = item as Fields; // a JSON object, by the lines above
  const collection = collectionOf(schemaTypeOf(type));
  const primaryKey = primaryKeyOf(collection, fields, index);
  const text = JSON.stringify(fields);
  const unchanged = before?.get(primaryKey);
  // A certificate authority can expire while nothing about it changes.
  if (unchanged?.text === text && type !== 'ca_certificates') return { entity: unchanged, problems: [] };
  const problems = problemsOf(collection, { fields, path: [type, index], context });
  const entity = new CheckedEntity({
    text,
    primaryKey,
    endpointKey: endpointKeyOf(collection, fields),
    uniqueValues: uniqueValuesOf(collection, fields),
    references: referencesOf(collection, fields),
  });
  return { entity, problems };
}

interface Subject {
  readonly fields: Fields;
  readonly path: Path;
  readonly context: CheckContext;
}

function problemsOf(collection: Collection, { fields, path, context }: Subject): ConfigurationProblem[] {
  const { traits, routerFlavor, nowMs } = context;
  const result = validateEntity(collection.type, validatable(collection, fields, context), {
    version: traits.version,
    routerFlavor,
    now: () => nowMs,
    generate: () => SOME_ID.id, // the filled entity is thrown away
  });
  const fromModel = result.ok ? [] : result.problems.filter((found) => !isUnknownNull(found, fields));
  const notEnabled = collection.type === 'plugins' ? pluginObjection(fields['name'], context.plugins) : undefined;
  const inputOnly = collection.inputOnlyFields.filter((field) => (fields[field] ?? null) !== null);
  return [
    ...inputOnly.map((field) => problem([...path, field], 'unknown field')),
    ...referenceProblems(collection, { fields, path, context }),
    ...fromModel.map(({ code, path: inner, message }) => ({ code, path: [...path, ...inner], message })),
    ...(notEnabled === undefined ? [] : [problem([...path, 'name'], notEnabled)]),
  ];
}

/** Data planes ignore unknown fields that are null, at any depth. */
function isUnknownNull({ code, path }: Problem, fields: Fields): boolean {
  if (code !== 'ERR_FIELD_UNKNOWN') return false;
  let value: unknown = fields;
  for (const step of path) value = (value as Readonly<Record<string | number, unknown>> | null)?.[step]; // where the model has been
  return value === null;
}

/** The entity as the model wants it: references as objects, empty lists as lists. */
function validatable(collection: Collection, fields: Fields, context: CheckContext): Record<string, unknown> {
  const result: Record<string, unknown> = { ...fields };
  for (const { field } of collection.references) if ((result[field] ?? null) !== null) result[field] = SOME_ID;
  for (const field of collection.listFields) if (isEmptyObject(result[field])) result[field] = [];
  if (context.migratesPaths && collection.type === 'routes') return withRegexPrefix(result);
  return result;
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

function referenceProblems({ references }: Collection, { fields, path, context }: Subject): ConfigurationProblem[] {
  return references.flatMap(({ field }) => {
    const value = fields[field] ?? null;
    if (value === null || typeof value === 'string') return [];
    const isObject = typeof value === 'object' && typeof (value as Fields)['id'] === 'string'; // null is gone by now
    if (isObject && context.traits.acceptsObjectReferences) return [];
    return [
      problem(
        [...path, field],
        isObject ? 'expected a string: this version takes no object as a reference' : 'expected a string',
      ),
    ];
  });
}

function referencesOf(collection: Collection, fields: Fields): WrittenReference[] {
  return collection.references.flatMap(({ field, to }) => {
    const value = writtenReference(fields[field]);
    return value === undefined ? [] : [{ field, type: to, value }];
  });
}

/** The name or id that a reference holds, in either form. */
function writtenReference(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const { id } = value as { id?: unknown }; // any object
  return typeof id === 'string' ? id : undefined;
}

function uniqueValuesOf({ uniqueFields, references }: Collection, fields: Fields): string[] {
  const plain = uniqueFields.filter((field) => typeof fields[field] === 'string' || typeof fields[field] === 'number');
  const values = plain.map((field) => `${field}=${String(fields[field])}`);
  for (const { field, isUnique } of references) {
    const value = isUnique ? writtenReference(fields[field]) : undefined;
    if (value !== undefined) values.push(`${field}=${value}`);
  }
  return values;
}

const endpointKeyOf = ({ endpointKey }: Collection, fields: Fields): string | undefined => {
  const value = endpointKey === undefined ? undefined : fields[endpointKey];
  return typeof value === 'string' ? value : undefined;
};

/** The id, or what Kong would derive one from: equal results collide there, too. With nothing to go by it draws one. */
function primaryKeyOf(collection: Collection, fields: Fields, index: number): string {
  const given = fields[collection.primaryKey];
  if (typeof given === 'string') return collection.primaryKey === 'id' ? given.toLowerCase() : given;
  const [composite] = collection.compositeKeys;
  const parts = composite?.map((field) => writtenReference(fields[field]) ?? '');
  const source = parts?.join(':') ?? endpointKeyOf(collection, fields);
  return source === undefined ? `drawn:${index}` : `derived:${source}`;
}

const problem = (path: Path, message: string): ConfigurationProblem => ({
  code: 'ERR_DATA_PLANE_ENTITY',
  path,
  message,
});
