import type { EntityDescription } from '../description.ts';
import type { Fields } from '../field.ts';
import type { Rule } from '../rules/rule.ts';
import { createdAt, id, tags, updatedAt, updatedAtSince33 } from './common-fields.ts';

const hashInputs = ['none', 'consumer', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture'] as const;
const hashInput = {
  kind: 'string',
  default: 'none',
  oneOf: hashInputs,
  valuesSince: { path: '3.0', query_arg: '3.0', uri_capture: '3.0' },
} as const;
const headerName = { kind: 'string', checks: ['headerName'] } as const;
const textSince30 = { kind: 'string', since: '3.0' } as const;
const pathWithDefault = {
  kind: 'string',
  default: '/',
  checks: ['startsWithSlash', 'noEmptySegments', 'urlPath'],
} as const;
const seconds = { kind: 'number', default: 0, min: 0, max: 65535 } as const;
// Kong's schema allows 255, but the health checker below it does not: building the balancer fails then, which on a
// data plane is worse than a refusal here.
const counter = { kind: 'integer', default: 0, min: 0, max: 254 } as const;
const probeType = { kind: 'string', default: 'http', oneOf: ['tcp', 'http', 'https', 'grpc', 'grpcs'] } as const;
const statuses = <const T extends readonly number[]>(defaults: T) =>
  ({ kind: 'array', items: { kind: 'integer', min: 100, max: 999 }, default: defaults }) as const;

const successes = [
  200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 306, 307, 308,
] as const;

const healthchecks = {
  threshold: { kind: 'number', default: 0, min: 0, max: 100 },
  active: {
    kind: 'record',
    fields: {
      concurrency: { kind: 'integer', default: 10, min: 1, max: 2147483648 },
      headers: { kind: 'map', keys: headerName, values: { kind: 'array', items: { kind: 'string' } }, since: '3.0' },
      http_path: pathWithDefault,
      https_sni: { kind: 'string', checks: ['sni'] },
      https_verify_certificate: { kind: 'boolean', required: true, default: true },
      timeout: { kind: 'number', default: 1, min: 0, max: 65535 },
      type: probeType,
      healthy: {
        kind: 'record',
        fields: { http_statuses: statuses([200, 302]), interval: seconds, successes: counter },
      },
      unhealthy: {
        kind: 'record',
        fields: {
          http_failures: counter,
          http_statuses: statuses([429, 404, 500, 501, 502, 503, 504, 505]),
          interval: seconds,
          tcp_failures: counter,
          timeouts: counter,
        },
      },
    },
  },
  passive: {
    kind: 'record',
    fields: {
      type: probeType,
      healthy: { kind: 'record', fields: { http_statuses: statuses(successes), successes: counter } },
      unhealthy: {
        kind: 'record',
        fields: {
          http_failures: counter,
          http_statuses: statuses([429, 500, 503]),
          tcp_failures: counter,
          timeouts: counter,
        },
      },
    },
  },
} as const satisfies Fields;

const needs = (on: string, is: string, field: string): Rule => ({
  rule: 'when',
  field: on,
  is: [is],
  consequence: { field, must: 'beSet' },
});
// The order of the values is that of Kong's message.
const fallback = (hashOn: string, values: readonly string[]): Rule => ({
  rule: 'when',
  field: 'hash_on',
  is: [hashOn],
  consequence: { field: 'hash_fallback', must: 'beOneOf', values },
});
const noFallback = (hashOn: string): Rule => ({
  rule: 'when',
  field: 'hash_on',
  is: [hashOn],
  consequence: { field: 'hash_fallback', must: 'beOneOf', values: ['none'] },
});

/** @see Kong Gateway, `kong/db/schema/entities/upstreams.lua` */
export const upstreams = {
  type: 'upstreams',
  primaryKey: 'id',
  endpointKey: 'name',
  shorthands: ['upstreamHashing'],
  fields: {
    id,
    created_at: createdAt,
    name: { kind: 'string', required: true, unique: true, checks: ['upstreamName'] },
    updated_at: updatedAtSince33,
    algorithm: {
      kind: 'string',
      default: 'round-robin',
      oneOf: ['consistent-hashing', 'least-connections', 'round-robin', 'latency'],
      valuesSince: { latency: '3.2' },
    },
    hash_on: hashInput,
    hash_fallback: hashInput,
    hash_on_header: headerName,
    hash_fallback_header: headerName,
    hash_on_cookie: { kind: 'string', checks: ['cookieName'] },
    hash_on_cookie_path: pathWithDefault,
    hash_on_query_arg: textSince30,
    hash_fallback_query_arg: textSince30,
    hash_on_uri_capture: textSince30,
    hash_fallback_uri_capture: textSince30,
    slots: { kind: 'integer', default: 10000, min: 10, max: 65536, nullIsDefault: true },
    healthchecks: { kind: 'record', fields: healthchecks },
    tags,
    host_header: { kind: 'string', checks: ['hostOptPort'] },
    client_certificate: { kind: 'reference', to: 'certificates', onDelete: 'restrict' },
    use_srv_name: { kind: 'boolean', default: false, since: '3.1' },
  },
  rules: [
    needs('hash_on', 'header', 'hash_on_header'),
    needs('hash_fallback', 'header', 'hash_fallback_header'),
    needs('hash_on', 'cookie', 'hash_on_cookie'),
    needs('hash_fallback', 'cookie', 'hash_on_cookie'),
    noFallback('none'),
    noFallback('cookie'),
    fallback('consumer', ['none', 'ip', 'header', 'cookie', 'path', 'query_arg', 'uri_capture']),
    fallback('ip', ['none', 'consumer', 'header', 'cookie', 'path', 'query_arg', 'uri_capture']),
    fallback('path', ['none', 'consumer', 'header', 'cookie', 'query_arg', 'ip', 'uri_capture']),
    { rule: 'distinct', fields: ['hash_on_header', 'hash_fallback_header'] },
    needs('hash_on', 'query_arg', 'hash_on_query_arg'),
    needs('hash_fallback', 'query_arg', 'hash_fallback_query_arg'),
    { rule: 'distinct', fields: ['hash_on_query_arg', 'hash_fallback_query_arg'] },
    needs('hash_on', 'uri_capture', 'hash_on_uri_capture'),
    needs('hash_fallback', 'uri_capture', 'hash_fallback_uri_capture'),
    { rule: 'distinct', fields: ['hash_on_uri_capture', 'hash_fallback_uri_capture'] },
  ],
} as const satisfies EntityDescription;

/** @see Kong Gateway, `kong/db/schema/entities/targets.lua` */
export const targets = {
  type: 'targets',
  primaryKey: 'id',
  endpointKey: 'target',
  compositeKeys: [['upstream', 'target']],
  fields: {
    id,
    created_at: { ...createdAt, fraction: true },
    updated_at: { ...updatedAt, fraction: true, since: '3.3' },
    upstream: { kind: 'reference', to: 'upstreams', onDelete: 'cascade', required: true },
    target: { kind: 'string', required: true, checks: ['target'] },
    weight: { kind: 'integer', default: 100, min: 0, max: 65535, nullIsDefault: true },
    tags,
  },
  transforms: ['targetAddress'],
} as const satisfies EntityDescription;
