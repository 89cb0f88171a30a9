import { objectKey } from './api-object.ts';
import type { ApiObject } from './api-object.ts';

/** One change of one object. */
export interface StoredEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  readonly object: ApiObject;
  readonly previous: ApiObject | undefined;
}

type Watcher = (event: StoredEvent) => void;

/** The objects of one kind with the recent history of their changes. */
export class Collection {
  readonly #historyEvents: number;
  readonly #objects = new Map<string, ApiObject>();
  readonly #watchers = new Set<Watcher>();
  #history: StoredEvent[] = [];
  #compactedTo: number;
  #sorted: readonly ApiObject[] | undefined;

  constructor(historyEvents: number, revision: number) {
    this.#historyEvents = historyEvents;
    this.#compactedTo = revision;
  }

  get size(): number {
    return this.#objects.size;
  }

  get historyLength(): number {
    return this.#history.length;
  }

  find(namespace: string | undefined, name: string): ApiObject | undefined {
    return this.#objects.get(objectKey(namespace, name));
  }

  /** Every object, in the order of namespace and name. */
  sorted(): readonly ApiObject[] {
    this.#sorted ??= sortedByKey(this.#objects);
    return this.#sorted;
  }

  put(object: ApiObject, revision: number): ApiObject {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#record({ type: previous === undefined ? 'ADDED' : 'MODIFIED', revision, object, previous });
    return object;
  }

  remove(object: ApiObject, revision: number): ApiObject {
    const key = objectKey(object.metadata.namespace, object.metadata.name);
    const previous = this.#objects.get(key);
    this.#objects.delete(key);
    this.#record({ type: 'DELETED', revision, object, previous });
    return object;
  }

  #record(event: StoredEvent): void {
    this.#sorted = undefined;
    this.#history.push(event);
    // Cut in blocks, so that a write does not cost the moving of a whole history.
    if (this.#history.length > this.#historyEvents * 1.25) this.#cut(this.#history.length - this.#historyEvents);
    for (const watcher of this.#watchers) watcher(event);
  }

  #cut(count: number): void {
    this.#compactedTo = this.#history[count - 1]?.revision ?? this.#compactedTo;
    this.#history = this.#history.slice(count);
  }

  compact(revision: number): void {
    this.#history = [];
    this.#compactedTo = revision;
  }

  /** Whether the state at that revision, and all that followed, is still known. */
  reachesBackTo(revision: number): boolean {
    return revision >= this.#compactedTo;
  }

  eventsSince(revision: number): readonly StoredEvent[] {
    return this.#history.filter((event) => event.revision > revision);
  }

  /** The objects as they were: what happened since is undone, newest first. */
  sortedAt(revision: number): readonly ApiObject[] {
    const later = this.eventsSince(revision);
    if (later.length === 0) return this.sorted();
    const objects = new Map(this.#objects);
    for (const { object, previous } of later.toReversed()) {
      const key = objectKey(object.metadata.namespace, object.metadata.name);
      if (previous === undefined) objects.delete(key);
      else objects.set(key, previous);
    }
    return sortedByKey(objects);
  }

  /** Calls back at every change, in order; the returned function ends that. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

function sortedByKey(objects: ReadonlyMap<string, ApiObject>): readonly ApiObject[] {
  const entries = [...objects];
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([, object]) => object);
}
