import type { EntityType } from '@koko/model';
import { describeEntity, isEntityType } from '@koko/model';
import type { VersionTraits } from './version-traits.ts';

/** The collections that an enabled plugin brings along. */
const OF_PLUGINS: Readonly<Record<string, readonly string[]>> = {
  acl: ['acls'],
  acme: ['acme_storage'],
  'basic-auth': ['basicauth_credentials'],
  'hmac-auth': ['hmacauth_credentials'],
  jwt: ['jwt_secrets'],
  'key-auth': ['keyauth_credentials'],
  oauth2: ['oauth2_credentials', 'oauth2_tokens', 'oauth2_authorization_codes'],
  session: ['sessions'],
};

const PLUGIN_OF = new Map(Object.entries(OF_PLUGINS).flatMap(([plugin, types]) => types.map((type) => [type, plugin])));

/** What the checks need to know of a collection. */
export interface Collection {
  readonly type: EntityType;
  readonly primaryKey: string;
  readonly endpointKey: string | undefined;
  /** What a missing id is derived from when there is no endpoint key. */
  readonly compositeKeys: readonly (readonly string[])[];
  readonly references: readonly { readonly field: string; readonly to: string; readonly isUnique: boolean }[];
  /** Unique fields other than references and the primary key. */
  readonly uniqueFields: readonly string[];
  /** Fields that hold lists or sets, which Lua may have written as `{}` when empty. */
  readonly listFields: readonly string[];
  /** Fields of the Admin API that no declarative document has. */
  readonly inputOnlyFields: readonly string[];
}

const known = new Map<string, Collection>();

/** The collection of that name, whatever the version. */
export function collectionOf(type: EntityType): Collection {
  const cached = known.get(type);
  if (cached !== undefined) return cached;
  const { primaryKey, endpointKey, fields, references, uniqueKeys } = describeEntity(type);
  const single = references.filter(({ list }) => list !== true); // lists of ids are not looked up by data planes
  const isReference = new Set(single.map(({ field }) => field));
  const entries = Object.entries(fields);
  const collection: Collection = {
    type,
    primaryKey,
    endpointKey,
    compositeKeys: uniqueKeys.filter((key) => key.fields.length > 1).map((key) => key.fields),
    references: single.map(({ field, to }) => ({ field, to, isUnique: fields[field]?.unique === true })),
    uniqueFields: entries
      .filter(([field, { unique }]) => unique === true && !isReference.has(field) && field !== primaryKey)
      .map(([field]) => field),
    listFields: entries.filter(([, { kind }]) => kind === 'array' || kind === 'set').map(([field]) => field),
    inputOnlyFields: entries.filter(([, { transient }]) => transient === true).map(([field]) => field),
  };
  known.set(type, collection);
  return collection;
}

/** Says why a data plane knows no such collection, or `undefined` when it does. */
export function collectionObjection(
  name: string,
  { major, minor, version }: VersionTraits,
  plugins: ReadonlySet<string>,
): string | undefined {
  if (name === 'vaults_beta')
    return major === 2 && minor === 8 ? undefined : `unknown field: only Kong 2.8 has vaults_beta`;
  if (!isEntityType(name)) return 'unknown field';
  const plugin = PLUGIN_OF.get(name);
  if (plugin !== undefined) {
    return plugins.has(plugin) ? undefined : `unknown field: it belongs to the plugin ${plugin}, which is not enabled`;
  }
  const { since } = describeEntity(name);
  if (since === undefined) return undefined;
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number);
  const isKnown = major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
  return isKnown ? undefined : `unknown field: Kong ${version} does not have it, it came with ${since}`;
}
