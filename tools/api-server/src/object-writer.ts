import { isDeepStrictEqual } from 'node:util';
import { alreadyExists, conflict, invalid, notFound } from './status-error.ts';
import { changedObject, changedStatus, newObject, parseObject } from './written-object.ts';
import type { ApiObject } from './api-object.ts';
import type { Clock } from '@koko/lifecycle';
import type { ObjectStore } from './object-store.ts';
import type { ServedKind } from './served-kind.ts';
import type { WriteTarget } from './written-object.ts';

/** What a write does around the stored object; the cluster's own controllers hang in here. */
export interface WriteHooks {
  beforeCreate(target: WriteTarget): void;
  check(kind: ServedKind, object: ApiObject): void;
  written(kind: ServedKind, object: ApiObject): void;
  removed(kind: ServedKind, object: ApiObject): void;
  /** Whether the object cannot go yet although no finalizer is left. */
  holds(kind: ServedKind, object: ApiObject): boolean;
}

export interface ExistingTarget extends WriteTarget {
  readonly name: string;
}

export interface WriteOptions {
  readonly subresource: string;
  readonly dryRun: boolean;
}

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** Creates, updates and deletes by the rules of the API server, on top of the store. */
export class ObjectWriter {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #hooks: WriteHooks;

  constructor(store: ObjectStore, clock: Clock, hooks: WriteHooks) {
    this.#store = store;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  get(target: ExistingTarget): ApiObject {
    const { kind, namespace, name } = target;
    const object = this.#store.collection(kind.storageKey).find(namespace, name);
    if (object === undefined) throw notFound(kind, name);
    return kind.fromStored(object);
  }

  create(target: WriteTarget, body: unknown, dryRun = false): ApiObject {
    const { kind, namespace } = target;
    const parsed = parseObject(body, target);
    this.#hooks.beforeCreate(target);
    const { name } = parsed.metadata;
    if (this.#store.collection(kind.storageKey).find(namespace, name) !== undefined) throw alreadyExists(kind, name);
    const object = newObject(parsed, kind, this.timestamp());
    this.#hooks.check(kind, object);
    if (dryRun) return object;
    const stored = this.#store.put(kind.storageKey, kind.toStored(object));
    this.#hooks.written(kind, stored);
    return this.get({ ...target, name });
  }

  /** Replaces the object, or its status. */
  update(target: ExistingTarget, body: unknown, { subresource, dryRun }: WriteOptions): ApiObject {
    const { kind, name } = target;
    const current = this.get(target);
    const written = parseObject(body, target);
    this.#checkPreconditions(kind, current, written);
    const next = subresource === 'status' ? changedStatus(current, written) : changedObject(current, written, kind);
    this.#hooks.check(kind, next);
    if (dryRun || isDeepStrictEqual(next, current)) return next;
    if (isFinalized(next) && !this.#hooks.holds(kind, next)) {
      this.remove(kind, current); // watchers see it with its last finalizer, who has written sees it without
      return next;
    }
    const stored = this.#store.put(kind.storageKey, kind.toStored(next));
    this.#hooks.written(kind, stored);
    return this.#find(kind, stored) ?? kind.fromStored({ ...stored, metadata: { ...stored.metadata, name } });
  }

  /** Writes what the change makes of the current object; the resource version of that guards it. */
  patch(target: ExistingTarget, change: (current: ApiObject) => unknown, options: WriteOptions): ApiObject {
    return this.update(target, change(this.get(target)), options);
  }

  /** Deletes the object, or marks it deleted while it has finalizers. */
  delete(target: ExistingTarget, options: DeleteOptions): ApiObject {
    const { kind, name } = target;
    const current = this.get(target);
    const { uid, resourceVersion } = current.metadata;
    if (options.uid !== undefined && options.uid !== uid)
      throw conflict(kind, name, 'the UID in the precondition differs');
    if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
      throw conflict(kind, name, 'the ResourceVersion in the precondition differs');
    if (options.dryRun) return current;
    const hasToWait = (current.metadata.finalizers ?? []).length > 0;
    return hasToWait ? this.markDeleted(kind, current) : this.remove(kind, current);
  }

  /** Gives the object a deletionTimestamp; it goes when the last finalizer does. */
  markDeleted(kind: ServedKind, object: ApiObject, fields: Readonly<Record<string, unknown>> = {}): ApiObject {
    const { metadata } = object;
    if (metadata.deletionTimestamp !== undefined) return object;
    const marked = {
      ...object,
      ...fields,
      metadata: {
        ...metadata,
        deletionTimestamp: this.timestamp(),
        deletionGracePeriodSeconds: 0,
        ...(metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }),
      },
    };
    return kind.fromStored(this.#store.put(kind.storageKey, kind.toStored(marked)));
  }

  /** Removes the object at once. */
  remove(kind: ServedKind, object: ApiObject): ApiObject {
    const removed = this.#store.remove(kind.storageKey, kind.toStored(object));
    this.#hooks.removed(kind, removed);
    return kind.fromStored(removed);
  }

  #find(kind: ServedKind, { metadata }: ApiObject): ApiObject | undefined {
    const found = this.#store.collection(kind.storageKey).find(metadata.namespace, metadata.name);
    return found === undefined ? undefined : kind.fromStored(found);
  }

  #checkPreconditions(kind: ServedKind, current: ApiObject, written: ApiObject): void {
    const { name, uid, resourceVersion } = written.metadata;
    if (uid !== undefined && uid !== current.metadata.uid)
      throw conflict(kind, name, `the UID in the precondition (${uid}) is not that of the object`);
    const stated = resourceVersion !== undefined && resourceVersion !== '';
    if (!stated && !kind.allowsUnconditionalUpdate)
      throw invalid(kind, name, 'metadata.resourceVersion', 'Invalid value: must be specified for an update');
    if (stated && resourceVersion !== current.metadata.resourceVersion)
      throw conflict(
        kind,
        name,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
  }

  /** Now, to the second, as Kubernetes writes times. */
  timestamp(): string {
    return `${new Date(this.#clock.now()).toISOString().slice(0, 19)}Z`;
  }
}

function isFinalized({ metadata }: ApiObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
}
