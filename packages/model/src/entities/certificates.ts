import type { EntityDescription } from '../description.ts';
import { createdAt, id, tags, updatedAt, updatedAtSince33 } from './common-fields.ts';

const certificate = { kind: 'string', checks: ['pemCertificate'] } as const;
const referenceableCertificate = { ...certificate, referenceable: true } as const;
const referenceableKey = { kind: 'string', checks: ['pemKey'], referenceable: true } as const;

/** @see Kong Gateway, `kong/db/schema/entities/certificates.lua` */
export const certificates = {
  type: 'certificates',
  primaryKey: 'id',
  fields: {
    id,
    created_at: createdAt,
    updated_at: updatedAtSince33,
    cert: { ...referenceableCertificate, required: true },
    key: { ...referenceableKey, required: true },
    cert_alt: referenceableCertificate,
    key_alt: referenceableKey,
    tags,
    snis: {
      kind: 'array',
      items: { kind: 'string', checks: ['wildcardHost'] },
      default: [],
      transient: true,
      since: '3.8',
    },
  },
  rules: [
    { rule: 'allOrNone', fields: ['cert_alt', 'key_alt'] },
    { rule: 'certificateKey', certificate: 'cert', key: 'key', message: 'certificate does not match key' },
    {
      rule: 'certificateKey',
      certificate: 'cert_alt',
      key: 'key_alt',
      message: 'alternative certificate does not match key',
    },
    { rule: 'certificateKinds' },
  ],
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/db/schema/entities/ca_certificates.lua` */
export const caCertificates = {
  type: 'ca_certificates',
  primaryKey: 'id',
  fields: {
    id,
    created_at: createdAt,
    updated_at: updatedAtSince33,
    cert: { ...certificate, required: true },
    cert_digest: { kind: 'string', unique: true },
    tags,
  },
  rules: [{ rule: 'caCertificate' }],
  transforms: ['certificateDigest'],
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/db/schema/entities/snis.lua` */
export const snis = {
  type: 'snis',
  primaryKey: 'id',
  endpointKey: 'name',
  fields: {
    id,
    name: { kind: 'string', required: true, unique: true, checks: ['wildcardHost'] },
    created_at: createdAt,
    updated_at: updatedAtSince33,
    tags,
    certificate: { kind: 'reference', to: 'certificates', onDelete: 'restrict', required: true },
  },
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/db/schema/entities/keys.lua` */
export const keys = {
  type: 'keys',
  primaryKey: 'id',
  endpointKey: 'name',
  compositeKeys: [['kid', 'set']],
  since: '3.1',
  fields: {
    id,
    set: { kind: 'reference', to: 'key_sets', onDelete: 'cascade' },
    name: { kind: 'string', unique: true },
    kid: { kind: 'string', required: true },
    jwk: { kind: 'string', referenceable: true },
    pem: {
      kind: 'record',
      optional: true,
      fields: {
        private_key: { kind: 'string', referenceable: true },
        public_key: { kind: 'string', referenceable: true },
      },
      atLeastOneOf: ['private_key', 'public_key'],
      check: 'keyPair',
    },
    tags,
    created_at: createdAt,
    updated_at: updatedAt,
  },
  rules: [
    { rule: 'onlyOneOf', fields: ['jwk', 'pem'] },
    { rule: 'atLeastOneOf', fields: ['jwk', 'pem'] },
    { rule: 'jwk' },
  ],
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/db/schema/entities/key_sets.lua` */
export const keySets = {
  type: 'key_sets',
  primaryKey: 'id',
  endpointKey: 'name',
  since: '3.1',
  fields: {
    id,
    name: { kind: 'string', unique: true },
    tags,
    created_at: createdAt,
    updated_at: updatedAt,
  },
} as const satisfies EntityDescription;
