import { EntityGroups, EntityMap } from '@koko/model';
import type { EntityType } from '@koko/model';
import { uniqueKeysOf } from './entity-rules.ts';
import type { HeldReference, UniqueKey, UniqueRule } from './entity-rules.ts';

/** What has to be known of a stored entity to judge changes, without its content. */
export interface EntityRecord {
  readonly type: EntityType;
  readonly id: string;
  /** When it was last changed. */
  readonly revision: number;
  /** Digest of its JSON text: equal digests, equal content. */
  readonly digest: string;
  /** What it holds of each unique key, in the order of its type's rules. */
  readonly uniqueValues: readonly (string | undefined)[];
  readonly references: readonly HeldReference[];
}

/**
 * The entities of one cluster by id, by unique key and by what they refer to. There are tens of thousands, and ids and names are
 * the entities' own texts: what is kept of each is worth counting.
 */
export class EntityIndex {
  readonly #records = new EntityMap<EntityRecord>();
  readonly #holders = new Map<UniqueRule, Map<string, EntityRecord>>();
  readonly #referrers = new EntityGroups<EntityRecord>();

  get size(): number {
    return this.#records.size;
  }

  find(type: EntityType, id: string): EntityRecord | undefined {
    return this.#records.get(type, id);
  }

  /** The entity that holds a unique key. */
  holder({ rule, value }: UniqueKey): EntityRecord | undefined {
    return this.#holders.get(rule)?.get(value);
  }

  /** The entities that refer to another one, which need not exist. */
  referrers(type: EntityType, id: string): readonly EntityRecord[] {
    return this.#referrers.of(type, id);
  }

  count(type: EntityType): number {
    return this.#records.count(type);
  }

  /** Brings the index in line with a commit: first all that goes, so that unique keys can change hands. */
  apply(removed: readonly EntityRecord[], put: readonly EntityRecord[]): void {
    for (const { type, id } of removed) this.#remove(type, id);
    for (const { type, id } of put) this.#remove(type, id);
    for (const record of put) this.#add(record);
  }

  #add(record: EntityRecord): void {
    this.#records.set(record.type, record.id, record);
    for (const { rule, value } of uniqueKeysOf(record.type, record.uniqueValues)) {
      const holders = this.#holders.get(rule);
      if (holders === undefined) this.#holders.set(rule, new Map([[value, record]]));
      else holders.set(value, record);
    }
    for (const { rule, id } of record.references) this.#referrers.add(rule.to, id, record);
  }

  #remove(type: EntityType, id: string): void {
    const record = this.#records.get(type, id);
    if (record === undefined) return;
    this.#records.delete(type, id);
    for (const { rule, value } of uniqueKeysOf(record.type, record.uniqueValues))
      this.#holders.get(rule)?.delete(value);
    for (const { rule, id: target } of record.references) this.#referrers.remove(rule.to, target, record);
  }
}
