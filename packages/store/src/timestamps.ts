import { describeEntity } from '@koko/model';
import type { EntityType } from '@koko/model';
import type { StoredEntity } from './entity-change.ts';

/**
 * Sets `created_at` and `updated_at`, as far as the type has them.
 * @param at Milliseconds since the epoch, or `keep` to leave `updated_at` as it was.
 * @param before The entity as it is stored; absent for a new one.
 */
export function stampEntity(
  type: EntityType,
  entity: StoredEntity,
  at: number | 'keep',
  before?: StoredEntity,
): StoredEntity {
  const { fields } = describeEntity(type);
  const stamps: Record<string, unknown> = {};
  if ('created_at' in fields) {
    stamps['created_at'] = entity['created_at'] ?? before?.['created_at'] ?? momentOf(type, 'created_at', at);
  }
  if ('updated_at' in fields) {
    stamps['updated_at'] = at === 'keep' ? before?.['updated_at'] : momentOf(type, 'updated_at', at);
  }
  return { ...entity, ...stamps };
}

/** Seconds; whole ones except where the type has fractions. */
function momentOf(type: EntityType, field: string, at: number | 'keep'): number | undefined {
  if (at === 'keep') return undefined;
  const description = describeEntity(type).fields[field];
  const hasFraction = description?.kind === 'timestamp' && description.fraction === true;
  return hasFraction ? at / 1000 : Math.floor(at / 1000);
}
