import { isEntityType, transformEntity, validateEntity } from '@koko/model';
import type { EntityType, Problem, ValidateOptions } from '@koko/model';
import type { ReadTransaction } from '@koko/persister';
import type { Proposal } from './batch-judge.ts';
import type { EntityChange, Offender, StoredEntity } from './entity-change.ts';
import type { EntityIndex, EntityRecord } from './entity-index.ts';
import { digestOf, recordOf } from './entity-record.ts';
import { rulesFor } from './entity-rules.ts';
import { pace } from './pacing.ts';
import { decodeEntity, entityRowKey } from './row-format.ts';
import { stampEntity } from './timestamps.ts';

/**
 * An upsert with the content that it would store. Not with its JSON text: to make that twice costs less than to keep tens of
 * thousands until the last of a batch is judged.
 */
export interface PreparedUpsert extends Proposal {
  readonly record: EntityRecord;
  readonly entity: StoredEntity;
}

/** A change that is fine in itself. */
export type PreparedChange = PreparedUpsert | (Proposal & { readonly record: undefined });

/** The batch as far as it is fine in itself, and the changes that are not. */
export interface PreparedBatch {
  readonly proposals: readonly PreparedChange[];
  readonly offenders: Map<number, Offender>;
}

/** What preparing depends on. */
export interface Preparation {
  readonly cluster: string;
  readonly index: EntityIndex;
  /** The revision that the batch will be. */
  readonly revision: number;
  readonly transaction: ReadTransaction;
  readonly validation: ValidateOptions;
  /** Milliseconds since the epoch; absent when no timestamps are to be set. */
  readonly stampAt: number | undefined;
}

/** Validates, completes and encodes each change, once. */
export async function prepareBatch(changes: readonly EntityChange[], preparation: Preparation): Promise<PreparedBatch> {
  const proposals: PreparedChange[] = [];
  const offenders = new Map<number, Offender>();
  let index = -1;
  for (const change of changes) {
    index += 1;
    const pause = pace(index);
    if (pause !== undefined) await pause;
    const prepared =
      change.op === 'delete'
        ? { index, type: change.type, id: change.id, record: undefined }
        : prepareUpsert(index, change.type, change.entity, preparation);
    const mustStamp = !('problems' in prepared) && preparation.stampAt !== undefined;
    const proposal = mustStamp ? await stamped(prepared, preparation) : prepared;
    const problem = 'problems' in proposal ? undefined : conditionProblem(change, proposal, preparation.index);
    if ('problems' in proposal) offenders.set(index, proposal);
    else if (problem === undefined) proposals.push(proposal);
    else offenders.set(index, { index, type: proposal.type, id: proposal.id, problems: [problem] });
  }
  return { proposals, offenders };
}

function prepareUpsert(
  index: number,
  type: EntityType,
  input: Readonly<Record<string, unknown>>,
  preparation: Preparation,
): PreparedUpsert | Offender {
  const result = validateEntity(type, input, preparation.validation);
  if (!result.ok) return { index, type, id: findId(type, input), problems: result.problems };
  const { primaryKey } = rulesFor(type);
  const entity = transformEntity(type, result.value) as unknown as StoredEntity; // filled: it has its primary key
  return encoded(index, type, String(entity[primaryKey]), entity, preparation);
}

/** The id that a refused input claims to have; callers without types may pass anything. */
function findId(type: EntityType, input: unknown): string | undefined {
  if (!isEntityType(type) || typeof input !== 'object' || input === null) return undefined;
  const id: unknown = Reflect.get(input, rulesFor(type).primaryKey);
  return typeof id === 'string' ? id : undefined;
}

function encoded(
  index: number,
  type: EntityType,
  id: string,
  entity: StoredEntity,
  { revision }: Preparation,
): PreparedUpsert {
  const record = recordOf({ type, id, revision, entity, digest: digestOf(JSON.stringify(entity)) });
  return { index, type, id, record, entity };
}

/** Sets the moments of an upsert, when that is asked for; an upsert that changes nothing else keeps the old ones. */
async function stamped(prepared: PreparedChange, preparation: Preparation): Promise<PreparedChange> {
  const { cluster, index, transaction, stampAt } = preparation;
  if (stampAt === undefined || prepared.record === undefined) return prepared;
  const { type, id, entity } = prepared;
  const known = index.find(type, id);
  if (known === undefined) return encoded(prepared.index, type, id, stampEntity(type, entity, stampAt), preparation);
  const rowKey = entityRowKey(cluster, type, id);
  const row = await transaction.get(rowKey);
  const before = row === undefined ? undefined : decodeEntity(rowKey, row).entity;
  const unchanged = encoded(prepared.index, type, id, stampEntity(type, entity, 'keep', before), preparation);
  if (unchanged.record.digest === known.digest) return unchanged;
  return encoded(prepared.index, type, id, stampEntity(type, entity, stampAt, before), preparation);
}

function conditionProblem(change: EntityChange, proposal: Proposal, index: EntityIndex): Problem | undefined {
  const actual = index.find(proposal.type, proposal.id)?.revision ?? 0;
  if (change.ifRevision === undefined || change.ifRevision === actual) return undefined;
  const message =
    change.ifRevision === 0
      ? `it exists already; replace it, or choose another ${rulesFor(proposal.type).primaryKey}`
      : `it was last changed by revision ${actual}, not ${change.ifRevision}; read it again`;
  const code = change.ifRevision === 0 ? 'ERR_STORE_EXISTS' : 'ERR_STORE_REVISION_CONFLICT';
  return { code, path: [], message };
}
