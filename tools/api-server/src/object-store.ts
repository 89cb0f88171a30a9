import { Collection } from './collection.ts';
import type { ApiObject } from './api-object.ts';

/** All objects, under one counter of resource versions, as etcd has one. */
export class ObjectStore {
  readonly #historyEvents: number;
  readonly #collections = new Map<string, Collection>();
  #revision = 1;
  #compactedTo = 1;

  constructor(historyEvents: number) {
    this.#historyEvents = historyEvents;
  }

  get revision(): number {
    return this.#revision;
  }

  collection(storageKey: string): Collection {
    let collection = this.#collections.get(storageKey);
    if (collection === undefined) {
      collection = new Collection(this.#historyEvents, this.#compactedTo);
      this.#collections.set(storageKey, collection);
    }
    return collection;
  }

  /** Stores the object under the next resource version and tells the watchers. */
  put(storageKey: string, object: ApiObject): ApiObject {
    return this.collection(storageKey).put(this.#stamped(object), this.#revision);
  }

  /** Removes the object; watchers see it as it was, under the version of its removal. */
  remove(storageKey: string, object: ApiObject): ApiObject {
    return this.collection(storageKey).remove(this.#stamped(object), this.#revision);
  }

  #stamped(object: ApiObject): ApiObject {
    this.#revision += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
  }

  /** Forgets every event: older resource versions and continue tokens are expired from now on. */
  compact(): void {
    this.#compactedTo = this.#revision;
    for (const collection of this.#collections.values()) collection.compact(this.#revision);
  }

  /** Forgets everything, as with a new etcd. */
  clear(): void {
    this.#collections.clear();
    this.#revision = 1;
    this.#compactedTo = 1;
  }

  collections(): IterableIterator<[string, Collection]> {
    return this.#collections.entries();
  }
}
