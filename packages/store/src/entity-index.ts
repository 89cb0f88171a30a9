import type { EntityType, ReferenceDescription } from '@koko/model';

/** `type/id`: names an entity within its cluster. */
export type EntityKey = string;

/** A reference that an entity holds. */
export interface HeldReference {
  readonly rule: ReferenceDescription;
  readonly target: EntityKey;
}

/** What has to be known of a stored entity to judge changes, without its content. */
export interface EntityRecord {
  readonly key: EntityKey;
  readonly type: EntityType;
  readonly id: string;
  /** When it was last changed. */
  readonly revision: number;
  /** Digest of its JSON text: equal digests, equal content. */
  readonly digest: string;
  readonly uniqueKeys: readonly string[];
  readonly references: readonly HeldReference[];
}

/** The entities of one cluster by key, by unique key and by what they refer to. */
export class EntityIndex {
  readonly #records = new Map<EntityKey, EntityRecord>();
  readonly #holders = new Map<string, EntityRecord>();
  readonly #referrers = new Map<EntityKey, Set<EntityRecord>>();
  readonly #counts = new Map<EntityType, number>();

  get size(): number {
    return this.#records.size;
  }

  find(key: EntityKey): EntityRecord | undefined {
    return this.#records.get(key);
  }

  /** The entity that holds a unique key. */
  holder(uniqueKey: string): EntityRecord | undefined {
    return this.#holders.get(uniqueKey);
  }

  /** The entities that refer to another one, which need not exist. */
  referrers(target: EntityKey): Iterable<EntityRecord> {
    return this.#referrers.get(target) ?? [];
  }

  count(type: EntityType): number {
    return this.#counts.get(type) ?? 0;
  }

  /** Brings the index in line with a commit: first all that goes, so that unique keys can change hands. */
  apply(removed: readonly EntityRecord[], put: readonly EntityRecord[]): void {
    for (const { key } of removed) this.#remove(key);
    for (const { key } of put) this.#remove(key);
    for (const record of put) this.#add(record);
  }

  #add(record: EntityRecord): void {
    this.#records.set(record.key, record);
    this.#counts.set(record.type, this.count(record.type) + 1);
    for (const uniqueKey of record.uniqueKeys) this.#holders.set(uniqueKey, record);
    for (const { target } of record.references) {
      const referrers = this.#referrers.get(target);
      if (referrers === undefined) this.#referrers.set(target, new Set([record]));
      else referrers.add(record);
    }
  }

  #remove(key: EntityKey): void {
    const record = this.#records.get(key);
    if (record === undefined) return;
    this.#records.delete(key);
    this.#counts.set(record.type, this.count(record.type) - 1);
    for (const uniqueKey of record.uniqueKeys) this.#holders.delete(uniqueKey);
    for (const { target } of record.references) {
      const referrers = this.#referrers.get(target);
      referrers?.delete(record);
      if (referrers?.size === 0) this.#referrers.delete(target);
    }
  }
}
