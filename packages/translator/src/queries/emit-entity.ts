import { entityId } from '@koko/model';
import type { EntityType } from '@koko/model';
import { acceptedKey } from './accepted-mark.ts';
import type { ObjectReference } from '../objects.ts';
import { settingsOf } from './translation-graph.ts';
import type { TranslationReads } from './translation-graph.ts';

export interface EmittedEntity {
  readonly type: EntityType;
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly source: ObjectReference;
  /** Decides between different entities of one id: the smallest stays. */
  readonly rank: string;
}

export function emitEntity(reads: TranslationReads, { type, id, fields, source, rank }: EmittedEntity): void {
  const key = [type, id].join('/'); // one flat text, where a template would leave a tree of its pieces
  reads.emit({ key, rank, value: { type, id, entity: { id, ...fields }, source } });
}

/** The id of an entity that is known by `name` within its type. */
export function idFor(reads: TranslationReads, type: EntityType, name: string): string {
  return entityId(type, name, settingsOf(reads).workspace);
}

/** Says that an object is ours, for as long as the query is needed that says so; any number of queries may. */
export function emitAccepted(reads: TranslationReads, reference: ObjectReference): void {
  reads.emit({ key: acceptedKey(reference), rank: '', value: { type: 'accepted', reference } });
}
