import type { EntityDescription } from '../description.ts';
import type { Rule } from '../rules/rule.ts';
import { createdAt, id, name, port, protocols, protocolsSince, tags, updatedAt } from './common-fields.ts';

const timeout = { kind: 'integer', default: 60000, min: 1, max: 2147483646 } as const;
const withoutTls = ['grpc', 'grpcs', 'http', 'tcp', 'tls_passthrough', 'udp'];
const tlsFields = ['client_certificate', 'tls_verify', 'tls_verify_depth', 'ca_certificates'];

const tlsRules = tlsFields.flatMap((field): Rule[] => [
  { rule: 'when', field: 'protocol', is: withoutTls, consequence: { field, must: 'beNull' } },
  // Before 3.2 only https could carry them.
  { rule: 'when', field: 'protocol', is: ['tls'], consequence: { field, must: 'beNull' }, before: '3.2' },
]);

/** @see Kong Gateway, `kong/db/schema/entities/services.lua` */
export const services = {
  type: 'services',
  primaryKey: 'id',
  endpointKey: 'name',
  shorthands: ['serviceUrl'],
  fields: {
    id,
    created_at: createdAt,
    updated_at: updatedAt,
    name,
    retries: { kind: 'integer', default: 5, min: 0, max: 32767 },
    protocol: { kind: 'string', required: true, default: 'http', oneOf: protocols, valuesSince: protocolsSince },
    host: { kind: 'string', required: true, checks: ['host'] },
    port: { ...port, required: true, default: 80 },
    path: { kind: 'string', checks: ['startsWithSlash', 'noEmptySegments', 'urlPath'] },
    connect_timeout: timeout,
    write_timeout: timeout,
    read_timeout: timeout,
    tags,
    client_certificate: { kind: 'reference', to: 'certificates', onDelete: 'restrict' },
    tls_verify: { kind: 'boolean' },
    tls_verify_depth: { kind: 'integer', min: 0, max: 64 },
    ca_certificates: {
      kind: 'array',
      items: { kind: 'string', checks: ['uuid'] },
      refersTo: { to: 'ca_certificates', onDelete: 'restrict' },
    },
    enabled: { kind: 'boolean', required: true, default: true, since: '2.7' },
  },
  rules: [
    {
      rule: 'when',
      field: 'protocol',
      is: ['tcp', 'tls', 'udp', 'grpc', 'grpcs'],
      consequence: { field: 'path', must: 'beNull' },
    },
    ...tlsRules,
  ],
} as const satisfies EntityDescription;
