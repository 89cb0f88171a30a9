import { hash } from 'node:crypto';
import type { EntityType } from '@koko/model';
import type { StoredEntity } from './entity-change.ts';
import type { EntityRecord } from './entity-index.ts';
import { referencesOf, rulesFor, uniqueKeysOf } from './entity-rules.ts';

const DIGEST_LENGTH = 22; // 132 bits in base64: no two contents will ever meet by chance

/** A digest of an entity's JSON text. */
export function digestOf(json: string): string {
  return hash('sha256', json, 'base64').slice(0, DIGEST_LENGTH);
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
  const uniqueKeys = uniqueKeysOf(rules, entity);
  return { key: `${type}/${id}`, type, id, revision, digest, uniqueKeys, references: referencesOf(rules, entity) };
}
