import type { EntityDescription } from '../description.ts';
import { createdAt, id, tags, updatedAt } from './common-fields.ts';

/**
 * Open source Kong installs one kind of vault, `env`.
 * @see Kong Gateway, `kong/db/schema/entities/vaults.lua` and `kong/vaults/env/schema.lua`
 */
export const vaults = {
  type: 'vaults',
  primaryKey: 'id',
  endpointKey: 'prefix',
  since: '3.0',
  fields: {
    id,
    prefix: { kind: 'string', required: true, unique: true, notOneOf: ['env'], checks: ['vaultPrefix'] },
    name: { kind: 'string', required: true },
    description: { kind: 'string' },
    config: { kind: 'record', fields: { prefix: { kind: 'string', checks: ['environmentPrefix'] } } },
    created_at: createdAt,
    updated_at: updatedAt,
    tags,
  },
  variants: { by: 'name', unknown: "vault '%s' is not installed", of: [{ values: ['env'], fields: {} }] },
} as const satisfies EntityDescription;
