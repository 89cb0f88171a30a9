import type { EntityDescription } from './description.ts';
import { caCertificates, certificates, keys, keySets, snis } from './entities/certificates.ts';
import {
  acls,
  basicauthCredentials,
  consumers,
  hmacauthCredentials,
  jwtSecrets,
  keyauthCredentials,
  oauth2Credentials,
} from './entities/consumers.ts';
import {
  acmeStorage,
  clusteringDataPlanes,
  oauth2AuthorizationCodes,
  oauth2Tokens,
  parameters,
  sessions,
  workspaces,
} from './entities/node-data.ts';
import { filterChains, plugins } from './entities/plugins.ts';
import { routes } from './entities/routes.ts';
import { services } from './entities/services.ts';
import { targets, upstreams } from './entities/upstreams.ts';
import { vaults } from './entities/vaults.ts';
import type { EntityWith } from './filled.ts';

// Parents before children: whoever writes in this order never meets a reference to something not yet written.
const descriptions = {
  workspaces,
  parameters,
  certificates,
  ca_certificates: caCertificates,
  snis,
  key_sets: keySets,
  keys,
  vaults,
  services,
  upstreams,
  consumers,
  routes,
  targets,
  plugins,
  filter_chains: filterChains,
  keyauth_credentials: keyauthCredentials,
  basicauth_credentials: basicauthCredentials,
  hmacauth_credentials: hmacauthCredentials,
  jwt_secrets: jwtSecrets,
  acls,
  oauth2_credentials: oauth2Credentials,
  oauth2_authorization_codes: oauth2AuthorizationCodes,
  oauth2_tokens: oauth2Tokens,
  acme_storage: acmeStorage,
  sessions,
  clustering_data_planes: clusteringDataPlanes,
} as const;

/** A type of entity, by the name of its collection. */
export type EntityType = keyof typeof descriptions;

/** A valid entity of a type with all defaults filled in; unset fields are null, references are `{ id }`. */
export type EntityOf<T extends EntityType> = EntityWith<(typeof descriptions)[T]>;

/** An entity as it comes from outside: nothing is known of it yet. */
export type EntityInput = Readonly<Record<string, unknown>>;

/** All entity types, parents before the children that refer to them. */
// Object.keys loses the key type, which here is exact: the object is a literal of this module.
export const entityTypes: readonly EntityType[] = Object.freeze(Object.keys(descriptions) as EntityType[]);

const known: ReadonlySet<string> = new Set(entityTypes);

/** Tells whether a text names an entity type (a collection such as `services`). */
export function isEntityType(text: unknown): text is EntityType {
  return typeof text === 'string' && known.has(text);
}

/** The description of a type, as data; for what is derived from it see `describeEntity`. */
export function descriptionOf(type: EntityType): EntityDescription {
  return descriptions[type];
}
