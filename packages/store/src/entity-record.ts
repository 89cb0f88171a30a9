import { hash } from 'node:crypto';
import type { EntityType } from '@koko/model';
import type { StoredEntity } from './entity-change.ts';
import type { EntityRecord } from './entity-index.ts';
import { referencesOf, rulesFor, uniqueValuesOf } from './entity-rules.ts';

/** A digest of an entity's JSON text, with a byte for each character: it is kept of every entity. */
export function digestOf(json: string): string {
  return hash('sha256', json, 'buffer').toString('latin1');
}

/** What the index keeps of an entity. */
export function recordOf(stored: {
  readonly type: EntityType;
  readonly id: string;
  readonly revision: number;
  readonly entity: StoredEntity;
  readonly digest: string;
}): EntityRecord {
  const { type, id, revision, entity, digest } = stored;
  const rules = rulesFor(type);
  const uniqueValues = uniqueValuesOf(rules, entity);
  return { type, id, revision, digest, uniqueValues, references: referencesOf(rules, entity) };
}
