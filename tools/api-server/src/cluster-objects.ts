import { groupVersionOf } from './served-kind.ts';
import type { ApiObject } from './api-object.ts';
import type { Cluster } from './cluster.ts';
import type { ExistingTarget } from './object-writer.ts';
import type { ServedKind } from './served-kind.ts';

/** Names an object in the cluster. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** An object to write: what names it, and whatever its kind holds. */
export interface WrittenObject extends ObjectReference {
  readonly metadata: ObjectReference['metadata'] & { readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

/** The objects of the server without the way over HTTP, by the same rules; for setting up and checking in tests. */
export class ClusterObjects {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The counter of resource versions as it stands. */
  get resourceVersion(): string {
    return String(this.#cluster.store.revision);
  }

  /**
   * Creates the object, or replaces what is there, whatever its resourceVersion; a `status` is written, too.
   * @throws {StatusError} What the server would refuse over HTTP.
   */
  apply(object: WrittenObject): ApiObject {
    const target = this.#target(object);
    const { writer } = this.#cluster;
    const { resourceVersion: _version, uid: _uid, ...metadata } = object.metadata;
    const exists = this.find(object);
    const body = { ...object, metadata };
    const written =
      exists === undefined
        ? writer.create(target, body)
        : writer.patch(target, (current) => unguarded(body, current), { subresource: '', dryRun: false });
    if (!('status' in object) || !target.kind.hasStatus) return written;
    return writer.patch(target, (current) => ({ ...current, status: object.status }), {
      subresource: 'status',
      dryRun: false,
    });
  }

  /** Deletes the object; a namespace takes its content with it. */
  delete(reference: ObjectReference): ApiObject {
    return this.#cluster.delete(this.#target(reference), { dryRun: false });
  }

  find(reference: ObjectReference): ApiObject | undefined {
    const { kind, namespace, name } = this.#target(reference);
    const object = this.#cluster.store.collection(kind.storageKey).find(namespace, name);
    return object === undefined ? undefined : kind.fromStored(object);
  }

  /** All objects of the kind, in the order of namespace and name. */
  list(apiVersion: string, kind: string): readonly ApiObject[] {
    const served = this.#kind(apiVersion, kind);
    return this.#cluster.store
      .collection(served.storageKey)
      .sorted()
      .map((object) => served.fromStored(object));
  }

  #target({ apiVersion, kind: kindName, metadata }: ObjectReference): ExistingTarget {
    const kind = this.#kind(apiVersion, kindName);
    const namespace = kind.namespaced ? (metadata.namespace ?? 'default') : undefined;
    return { kind, namespace, name: metadata.name };
  }

  #kind(apiVersion: string, kind: string): ServedKind {
    const served = this.#cluster.kinds.findFor(apiVersion, kind);
    if (served !== undefined) return served;
    const known = this.#cluster.kinds.list().map((each) => `${groupVersionOf(each)} ${each.kind}`);
    throw new TypeError(`Cannot use ${apiVersion} ${kind}: the server knows ${known.join(', ')}`);
  }
}

function unguarded(body: WrittenObject, current: ApiObject): unknown {
  const { resourceVersion } = current.metadata;
  return { ...body, metadata: { ...body.metadata, resourceVersion } };
}
