import type { EntityType } from '@koko/model';
import type { Mutation } from '@koko/persister';
import { encodeRevision } from './row-format.ts';

/** How far back the change log reaches: whichever limit is met first. The newest revision is always kept. */
export interface ChangeLogLimits {
  readonly maxRevisions: number;
  readonly maxChanges: number;
  readonly maxAgeMs: number;
}

/** A change without its content. */
export type LoggedChange = readonly [op: 'upsert' | 'delete', type: EntityType, id: string];

/** One revision of the log, as stored. */
export interface LoggedRevision {
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly changes: readonly LoggedChange[];
}

interface Summary {
  readonly revision: number;
  readonly at: number;
  readonly size: number;
}

/** Decides what the log of one cluster keeps; its content stays in the persister. */
export class ChangeLog {
  readonly #limits: ChangeLogLimits;
  readonly #kept: Summary[] = []; // consecutive revisions, oldest first
  #size = 0;

  constructor(limits: ChangeLogLimits) {
    this.#limits = limits;
  }

  /** The newest revision; 0 before the first commit. */
  get revision(): number {
    return this.#kept.at(-1)?.revision ?? 0;
  }

  /** Whether all changes after `revision` are known. */
  covers(revision: number): boolean {
    const oldest = this.#kept[0]?.revision ?? 1;
    return revision >= oldest - 1 && revision <= this.revision;
  }

  /** The revisions to drop from the persister when one of `size` changes is added now. */
  expiring(now: number, size: number): readonly number[] {
    const { maxRevisions, maxChanges, maxAgeMs } = this.#limits;
    const expiring: number[] = [];
    let revisions = this.#kept.length + 1;
    let changes = this.#size + size;
    for (const summary of this.#kept) {
      if (revisions <= maxRevisions && changes <= maxChanges && now - summary.at <= maxAgeMs) break;
      expiring.push(summary.revision);
      revisions -= 1;
      changes -= summary.size;
    }
    return expiring;
  }

  /** Takes note of a revision that is in the persister now, and of those that no longer are. */
  add({ revision, at, changes }: LoggedRevision, expired: readonly number[]): void {
    for (const { size } of this.#kept.splice(0, expired.length)) this.#size -= size;
    this.#kept.push({ revision, at, size: changes.length });
    this.#size += changes.length;
  }
}

/** The changes of several revisions as one: of each entity the last change, in order of these. */
export function coalesce<C>(changes: Iterable<C>, keyOf: (change: C) => string): C[] {
  const last = new Map<string, C>();
  for (const change of changes) {
    const key = keyOf(change);
    last.delete(key);
    last.set(key, change);
  }
  return [...last.values()];
}

/** The writes that add a revision to the log and drop others. */
export function logMutations(
  keyOf: (revision: number) => string,
  added: LoggedRevision,
  expiring: readonly number[],
): Mutation[] {
  const deletes = expiring.map((revision): Mutation => ({ op: 'delete', key: keyOf(revision) }));
  return [{ op: 'put', key: keyOf(added.revision), value: encodeRevision(added) }, ...deletes];
}
