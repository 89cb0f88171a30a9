import type { EntityDescription } from '../description.ts';
import { createdAt, id, updatedAtSince33 } from './common-fields.ts';

const collections = [
  'workspaces',
  'consumers',
  'certificates',
  'services',
  'routes',
  'snis',
  'upstreams',
  'targets',
  'plugins',
  'tags',
  'ca_certificates',
  'clustering_data_planes',
  'parameters',
  'vaults',
  'key_sets',
  'keys',
  'filter_chains',
];
const anything = { kind: 'record', fields: {} } as const;

/** @see Kong Gateway, `kong/db/schema/entities/workspaces.lua` */
export const workspaces = {
  type: 'workspaces',
  primaryKey: 'id',
  endpointKey: 'name',
  fields: {
    id,
    name: { kind: 'string', required: true, unique: true, notOneOf: collections, checks: ['utf8Name'] },
    comment: { kind: 'string' },
    created_at: createdAt,
    updated_at: updatedAtSince33,
    meta: anything,
    config: anything,
  },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/db/schema/entities/parameters.lua` */
export const parameters = {
  type: 'parameters',
  primaryKey: 'key',
  endpointKey: 'key',
  fields: {
    created_at: createdAt,
    key: { kind: 'string', required: true, unique: true },
    value: { kind: 'string', required: true },
  },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/db/schema/entities/clustering_data_planes.lua` */
export const clusteringDataPlanes = {
  type: 'clustering_data_planes',
  primaryKey: 'id',
  ttl: true,
  exported: false,
  fields: {
    id,
    last_seen: createdAt,
    updated_at: updatedAtSince33,
    ip: { kind: 'string', required: true, checks: ['ip'] },
    config_hash: { kind: 'string', length: 32 },
    hostname: { kind: 'string', required: true, checks: ['host'] },
    version: { kind: 'string', checks: ['nodeVersion'] },
    sync_status: {
      kind: 'string',
      required: true,
      default: 'unknown',
      oneOf: [
        'unknown',
        'normal',
        'kong_version_incompatible',
        'plugin_set_incompatible',
        'plugin_version_incompatible',
        'filter_set_incompatible',
      ],
    },
    labels: { kind: 'map', keys: { kind: 'string' }, values: { kind: 'string' }, since: '3.5' },
    cert_details: { kind: 'record', fields: { expiry_timestamp: { kind: 'number', min: 0 } }, since: '3.6' },
    rpc_capabilities: { kind: 'set', items: { kind: 'string' }, since: '3.7' },
  },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/acme/daos.lua` */
export const acmeStorage = {
  type: 'acme_storage',
  primaryKey: 'id',
  ttl: true,
  fields: {
    id,
    key: { kind: 'string', required: true, auto: 'random', unique: true },
    value: { kind: 'string', required: true, auto: 'random' },
    created_at: createdAt,
  },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/session/daos.lua` */
export const sessions = {
  type: 'sessions',
  primaryKey: 'id',
  endpointKey: 'session_id',
  ttl: true,
  exported: false,
  fields: {
    id,
    session_id: { kind: 'string', required: true, unique: true },
    expires: { kind: 'integer' },
    data: { kind: 'string' },
    created_at: createdAt,
  },
} as const satisfies EntityDescription;

const service = { kind: 'reference', to: 'services', onDelete: 'cascade' } as const;
const oauth2Credential = { kind: 'reference', to: 'oauth2_credentials', onDelete: 'cascade', required: true } as const;

/** @see Kong Gateway, `kong/plugins/oauth2/daos.lua` */
export const oauth2AuthorizationCodes = {
  type: 'oauth2_authorization_codes',
  primaryKey: 'id',
  ttl: true,
  exported: false,
  fields: {
    id,
    created_at: createdAt,
    service,
    credential: oauth2Credential,
    code: { kind: 'string', auto: 'random', unique: true },
    authenticated_userid: { kind: 'string' },
    scope: { kind: 'string' },
    challenge: { kind: 'string' },
    challenge_method: { kind: 'string', oneOf: ['S256'] },
    plugin: { kind: 'reference', to: 'plugins', onDelete: 'cascade', since: '3.3' },
  },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/oauth2/daos.lua` */
export const oauth2Tokens = {
  type: 'oauth2_tokens',
  primaryKey: 'id',
  endpointKey: 'access_token',
  ttl: true,
  fields: {
    id,
    created_at: createdAt,
    service,
    credential: oauth2Credential,
    token_type: { kind: 'string', required: true, default: 'bearer', oneOf: ['bearer'] },
    expires_in: { kind: 'integer', required: true },
    access_token: { kind: 'string', auto: 'random', unique: true },
    refresh_token: { kind: 'string', unique: true },
    authenticated_userid: { kind: 'string' },
    scope: { kind: 'string' },
  },
} as const satisfies EntityDescription;
