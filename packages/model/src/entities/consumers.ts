import type { EntityDescription } from '../description.ts';
import { createdAt, credential, id, tags, updatedAtSince33 } from './common-fields.ts';

const generated = { kind: 'string', auto: 'random' } as const;
const secret = generated;
const uniqueName = { kind: 'string', required: true, unique: true } as const;

/** @see Kong Gateway, `kong/db/schema/entities/consumers.lua` */
export const consumers = {
  type: 'consumers',
  primaryKey: 'id',
  endpointKey: 'username',
  fields: {
    id,
    created_at: createdAt,
    updated_at: updatedAtSince33,
    username: { kind: 'string', unique: true },
    custom_id: { kind: 'string', unique: true },
    tags,
  },
  rules: [{ rule: 'atLeastOneOf', fields: ['custom_id', 'username'] }],
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/basic-auth/daos.lua` */
export const basicauthCredentials = {
  type: 'basicauth_credentials',
  primaryKey: 'id',
  endpointKey: 'username',
  fields: { ...credential, username: uniqueName, password: { kind: 'string', required: true } },
  rules: [{ rule: 'needs', input: ['password'], needs: ['consumer.id'] }],
  transforms: ['basicAuthPassword'],
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/key-auth/daos.lua` */
export const keyauthCredentials = {
  type: 'keyauth_credentials',
  primaryKey: 'id',
  endpointKey: 'key',
  ttl: true,
  fields: { ...credential, key: { ...generated, unique: true } },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/hmac-auth/daos.lua` */
export const hmacauthCredentials = {
  type: 'hmacauth_credentials',
  primaryKey: 'id',
  endpointKey: 'username',
  fields: { ...credential, username: uniqueName, secret },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/jwt/daos.lua` */
export const jwtSecrets = {
  type: 'jwt_secrets',
  primaryKey: 'id',
  endpointKey: 'key',
  fields: {
    ...credential,
    key: { ...generated, unique: true },
    secret,
    rsa_public_key: { kind: 'string' },
    algorithm: {
      kind: 'string',
      default: 'HS256',
      oneOf: [
        'HS256',
        'HS384',
        'HS512',
        'RS256',
        'RS384',
        'RS512',
        'ES256',
        'ES384',
        'ES512',
        'PS256',
        'PS384',
        'PS512',
        'EdDSA',
      ],
      valuesSince: { ES512: '3.7', PS256: '3.7', PS384: '3.7', PS512: '3.7', EdDSA: '3.7' },
    },
  },
  rules: [
    {
      rule: 'when',
      field: 'algorithm',
      is: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA'],
      consequence: { field: 'rsa_public_key', must: 'beSetAndLoadAsKey' },
    },
  ],
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/acl/daos.lua` */
export const acls = {
  type: 'acls',
  primaryKey: 'id',
  compositeKeys: [['consumer', 'group']],
  fields: { ...credential, group: { kind: 'string', required: true } },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/plugins/oauth2/daos.lua` */
export const oauth2Credentials = {
  type: 'oauth2_credentials',
  primaryKey: 'id',
  endpointKey: 'client_id',
  fields: {
    ...credential,
    name: { kind: 'string', required: true },
    client_id: { ...generated, unique: true },
    client_secret: secret,
    hash_secret: { kind: 'boolean', required: true, default: false },
    redirect_uris: { kind: 'array', items: { kind: 'string', checks: ['redirectUri'] } },
    client_type: { kind: 'string', required: true, default: 'confidential', oneOf: ['confidential', 'public'] },
  },
  rules: [{ rule: 'needs', input: ['hash_secret'], needs: ['client_secret'] }],
  transforms: ['oauth2Secret'],
} as const satisfies EntityDescription;
