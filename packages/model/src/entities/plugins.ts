import type { EntityDescription } from '../description.ts';
import { createdAt, id, protocols, tags, updatedAt, updatedAtSince33 } from './common-fields.ts';

const scope = (to: string) => ({ kind: 'reference', to, onDelete: 'cascade' }) as const;

/**
 * The entity around a plugin's configuration; `config` itself is checked by whoever knows the plugin.
 * @see Kong Gateway, `kong/db/schema/entities/plugins.lua`
 */
export const plugins = {
  type: 'plugins',
  primaryKey: 'id',
  endpointKey: 'instance_name',
  compositeKeys: [['name', 'route', 'service', 'consumer']],
  fields: {
    id,
    name: { kind: 'string', required: true, checks: ['pluginName'] },
    instance_name: { kind: 'string', unique: true, checks: ['utf8Name'], since: '3.2' },
    created_at: createdAt,
    updated_at: updatedAtSince33,
    route: scope('routes'),
    service: scope('services'),
    consumer: scope('consumers'),
    config: { kind: 'object', required: true },
    protocols: {
      kind: 'set',
      required: true,
      items: { kind: 'string', oneOf: protocols },
      default: ['grpc', 'grpcs', 'http', 'https'],
    },
    enabled: { kind: 'boolean', required: true, default: true },
    tags,
  },
} as const satisfies EntityDescription;

const onlyScope = (to: string) => ({ ...scope(to), unique: true }) as const;

/** @see Kong Gateway, `kong/db/schema/entities/filter_chains.lua` */
export const filterChains = {
  type: 'filter_chains',
  primaryKey: 'id',
  endpointKey: 'name',
  compositeKeys: [['route', 'service']],
  since: '3.4',
  fields: {
    id,
    name: { kind: 'string', unique: true, checks: ['utf8Name'] },
    enabled: { kind: 'boolean', required: true, default: true },
    route: onlyScope('routes'),
    service: onlyScope('services'),
    filters: {
      kind: 'array',
      required: true,
      notEmpty: true,
      items: {
        kind: 'record',
        fields: {
          name: { kind: 'string', required: true },
          enabled: { kind: 'boolean', required: true, default: true },
          config: { kind: 'json' },
        },
      },
    },
    created_at: createdAt,
    updated_at: updatedAt,
    tags,
  },
  rules: [
    { rule: 'onlyOneOf', fields: ['service', 'route'] },
    { rule: 'atLeastOneOf', fields: ['service', 'route'] },
    { rule: 'wasmFilters' },
  ],
} as const satisfies EntityDescription;
