import type { Verdict } from './batch-judge.ts';
import type { PreparedChange, PreparedUpsert } from './batch-preparation.ts';
import type { AppliedChange } from './entity-change.ts';
import type { EntityIndex, EntityRecord } from './entity-index.ts';

/** What an accepted batch changes; upserts equal to what is stored are not among it. */
export interface BatchEffects {
  readonly changes: readonly AppliedChange[];
  readonly put: readonly PreparedUpsert[];
  readonly removed: readonly EntityRecord[];
}

/** Compares an accepted batch with what is stored. */
export function effectsOf(index: EntityIndex, { staged, cascaded }: Verdict<PreparedChange>): BatchEffects {
  const changes: AppliedChange[] = [];
  const put: PreparedUpsert[] = [];
  const removed: EntityRecord[] = [];
  const remove = (record: EntityRecord): void => {
    changes.push({ op: 'delete', type: record.type, id: record.id });
    removed.push(record);
  };
  for (const proposal of staged) {
    const known = index.find(proposal.type, proposal.id);
    if (proposal.record === undefined) {
      if (known !== undefined) remove(known);
    } else if (known?.digest !== proposal.record.digest) {
      const { type, id, entity } = proposal;
      changes.push({ op: 'upsert', type, id, entity });
      put.push(proposal);
    }
  }
  for (const record of cascaded) remove(record);
  return { changes, put, removed };
}
