import type { EntityDescription } from '../description.ts';
import type { Fields } from '../field.ts';
import { createdAt, id, name, port, protocols, protocolsSince, tags, updatedAt } from './common-fields.ts';

const endpoint = {
  kind: 'record',
  fields: { ip: { kind: 'string', checks: ['ipOrCidr'] }, port },
  atLeastOneOf: ['ip', 'port'],
} as const;

const httpProtocols = ['http', 'https'] as const;
const streamProtocols = ['tcp', 'tls', 'udp'] as const;
const passthroughProtocols = ['tls_passthrough'] as const;
const grpcProtocols = ['grpc', 'grpcs'] as const;

const common = {
  id,
  created_at: createdAt,
  updated_at: updatedAt,
  name,
  protocols: {
    kind: 'set',
    required: true,
    default: ['http', 'https'],
    items: { kind: 'string', oneOf: protocols, valuesSince: protocolsSince },
    notEmpty: true,
    exclusive: [httpProtocols, streamProtocols, passthroughProtocols, grpcProtocols],
  },
  https_redirect_status_code: { kind: 'integer', required: true, default: 426, oneOf: [426, 301, 302, 307, 308] },
  strip_path: { kind: 'boolean', required: true, default: true },
  preserve_host: { kind: 'boolean', required: true, default: false },
  request_buffering: { kind: 'boolean', required: true, default: true },
  response_buffering: { kind: 'boolean', required: true, default: true },
  tags,
  service: { kind: 'reference', to: 'services', onDelete: 'restrict' },
} as const satisfies Fields;

const forbidden = (field: string, family: string, flavors?: readonly ('traditional' | 'traditional_compatible')[]) =>
  ({
    kind: 'forbidden',
    message: `cannot set '${field}' when 'protocols' is ${family}`,
    ...(flavors === undefined ? {} : { flavors }),
  }) as const;

const http = "'http' or 'https'";
const grpc = "'grpc' or 'grpcs'";
const stream = "'tcp', 'tls', 'tls_passthrough' or 'udp'";
// The expressions router can match on addresses in every protocol.
const classic = ['traditional', 'traditional_compatible'] as const;

const streamFields = {
  methods: forbidden('methods', stream),
  hosts: forbidden('hosts', stream),
  paths: forbidden('paths', stream),
  headers: forbidden('headers', stream),
} as const;

/** @see Kong Gateway, `kong/db/schema/entities/routes.lua` and `routes_subschemas.lua` */
export const routes = {
  type: 'routes',
  primaryKey: 'id',
  endpointKey: 'name',
  fields: {
    ...common,
    snis: { kind: 'set', items: { kind: 'string', checks: ['routeSni'] } },
    sources: { kind: 'set', items: endpoint },
    destinations: { kind: 'set', items: endpoint },
    methods: { kind: 'set', items: { kind: 'string', checks: ['httpMethod'] } },
    hosts: { kind: 'array', items: { kind: 'string', checks: ['routeWildcard', 'routeHost'] } },
    paths: { kind: 'array', items: { kind: 'string', checks: ['noEmptySegments', 'routePathStart', 'routePath'] } },
    headers: {
      kind: 'map',
      keys: { kind: 'string', checks: ['notHostHeader', 'headerName'] },
      values: { kind: 'array', items: { kind: 'string' } },
    },
    regex_priority: { kind: 'integer', default: 0 },
    path_handling: { kind: 'string', default: 'v0', oneOf: ['v0', 'v1'] },
    expression: { kind: 'string', flavors: ['expressions'] },
    priority: { kind: 'integer', required: true, default: 0, min: 0, max: 2 ** 46 - 1, flavors: ['expressions'] },
  },
  rules: [{ rule: 'sniProtocols' }, { rule: 'routeExpression' }],
  variants: {
    by: 'protocols',
    unknown: 'unknown type: %s',
    of: [
      {
        values: httpProtocols,
        fields: {
          sources: forbidden('sources', http, classic),
          destinations: forbidden('destinations', http, classic),
        },
        rules: [
          {
            rule: 'matchers',
            contains: 'https',
            fields: ['methods', 'hosts', 'headers', 'paths', 'snis'],
            message: "must set one of %s when 'protocols' is 'https'",
          },
          {
            rule: 'matchers',
            contains: 'http',
            without: ['https'],
            fields: ['methods', 'hosts', 'headers', 'paths'],
            message: "must set one of %s when 'protocols' is 'http'",
          },
        ],
      },
      {
        values: [...streamProtocols, ...passthroughProtocols],
        fields: streamFields,
        rules: [
          {
            rule: 'matchers',
            without: ['tls_passthrough'],
            fields: ['sources', 'destinations', 'snis'],
            message: "must set one of %s when 'protocols' is 'tcp', 'tls' or 'udp'",
          },
          {
            rule: 'matchers',
            contains: 'tls_passthrough',
            fields: ['snis'],
            message: "must set snis when 'protocols' is 'tls_passthrough'",
          },
        ],
      },
      {
        values: grpcProtocols,
        fields: {
          strip_path: {
            kind: 'boolean',
            required: true,
            default: false,
            not: { value: true, message: `cannot set 'strip_path' when 'protocols' is ${grpc}` },
          },
          methods: forbidden('methods', grpc),
          sources: forbidden('sources', grpc, classic),
          destinations: forbidden('destinations', grpc, classic),
        },
        rules: [
          {
            rule: 'matchers',
            contains: 'grpcs',
            fields: ['hosts', 'headers', 'paths', 'snis'],
            message: "must set one of %s when 'protocols' is 'grpcs'",
          },
          {
            rule: 'matchers',
            contains: 'grpc',
            without: ['grpcs'],
            fields: ['hosts', 'headers', 'paths'],
            message: "must set one of %s when 'protocols' is 'grpc'",
          },
        ],
      },
    ],
  },
} as const satisfies EntityDescription;

/** Routes of a node with the expressions router before 3.7: nothing but an expression matches. */
export const expressionRoutesBefore37 = {
  type: 'routes',
  primaryKey: 'id',
  endpointKey: 'name',
  fields: {
    ...common,
    expression: { kind: 'string', required: true },
    priority: { kind: 'integer', required: true, default: 0 },
  },
  rules: [{ rule: 'routeExpression' }],
} as const satisfies EntityDescription;
