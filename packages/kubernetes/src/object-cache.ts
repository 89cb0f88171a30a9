import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject, ObjectReference } from '@koko/translator';

/** That an object came (`before` absent), changed, or went (`after` absent). */
export interface CacheChange {
  readonly reference: ObjectReference;
  readonly before: KubernetesObject | undefined;
  readonly after: KubernetesObject | undefined;
}

type Names = Map<string, KubernetesObject>;

/** Objects by kind, namespace and name, as last seen. They are never changed in place. */
export class ObjectCache {
  readonly #kinds = new Map<string, Map<string, Names>>();
  readonly #onChange: (change: CacheChange) => void;
  readonly #metadataKinds: ReadonlySet<string>;

  /**
   * @param onChange Told of each change, at once; must not throw. A write that changes nothing but the version is none.
   * @param metadataKinds Kinds of which only metadata are here, so that each new version is a change.
   */
  constructor(onChange: (change: CacheChange) => void, metadataKinds: ReadonlySet<string> = new Set()) {
    this.#onChange = onChange;
    this.#metadataKinds = metadataKinds;
  }

  find({ kind, namespace, name }: ObjectReference): KubernetesObject | undefined {
    return this.#kinds
      .get(kind)
      ?.get(namespace ?? '')
      ?.get(name);
  }

  /** Objects of a kind, in all namespaces or in one. */
  *list(kind: string, namespace?: string): Iterable<KubernetesObject> {
    const namespaces = this.#kinds.get(kind);
    if (namespace !== undefined) yield* namespaces?.get(namespace)?.values() ?? [];
    else for (const names of namespaces?.values() ?? []) yield* names.values();
  }

  count(kind: string, namespace?: string): number {
    const namespaces = this.#kinds.get(kind);
    if (namespace !== undefined) return namespaces?.get(namespace)?.size ?? 0;
    let count = 0;
    for (const names of namespaces?.values() ?? []) count += names.size;
    return count;
  }

  /** Takes a complete list of a kind, in all namespaces or in one: what is not in it is gone. */
  replace(kind: string, namespace: string | undefined, objects: Iterable<KubernetesObject>): void {
    const upserts = [...objects];
    const listed = new Set(upserts.map(keyWithinKind));
    const gone = Array.from(this.list(kind, namespace)).filter((object) => !listed.has(keyWithinKind(object)));
    for (const object of gone) this.delete(object);
    for (const object of upserts) this.upsert(object);
  }

  /** Under the name of one deleted meanwhile, an object is another one: that one went, this one came. */
  upsert(object: KubernetesObject): void {
    const reference = cachedReference(object);
    let before = this.find(reference);
    if (before !== undefined && before.metadata.uid !== object.metadata.uid) {
      this.delete(before);
      before = undefined;
    }
    this.#names(reference).set(reference.name, object);
    if (before === undefined || !this.#isSame(before, object)) this.#onChange({ reference, before, after: object });
  }

  delete(object: KubernetesObject): void {
    const reference = cachedReference(object);
    const namespaces = this.#kinds.get(reference.kind);
    const names = namespaces?.get(reference.namespace ?? '');
    const before = names?.get(reference.name);
    if (before === undefined) return;
    names?.delete(reference.name);
    if (names?.size === 0) namespaces?.delete(reference.namespace ?? '');
    this.#onChange({ reference, before, after: undefined });
  }

  #isSame(before: KubernetesObject, after: KubernetesObject): boolean {
    if (before.metadata.resourceVersion === after.metadata.resourceVersion) return true;
    return !this.#metadataKinds.has(after.kind) && isDeepStrictEqual(withoutVersion(before), withoutVersion(after));
  }

  #names({ kind, namespace = '' }: ObjectReference): Names {
    const namespaces = this.#kinds.get(kind) ?? new Map<string, Names>();
    this.#kinds.set(kind, namespaces);
    const names = namespaces.get(namespace) ?? new Map<string, KubernetesObject>();
    namespaces.set(namespace, names);
    return names;
  }
}

function keyWithinKind({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function cachedReference({ kind, metadata: { namespace, name } }: KubernetesObject): ObjectReference {
  return namespace === undefined || namespace === '' ? { kind, name } : { kind, namespace, name };
}

function withoutVersion(object: KubernetesObject): unknown {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
