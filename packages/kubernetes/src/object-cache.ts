import type { KubernetesObject, ObjectReference, TranslatedKind } from '@koko/translator';
import { Followers } from './followers.ts';
import { isSameButVersion, packObject, uidOf, unpackObject } from './packed-object.ts';
import type { PackedObject } from './packed-object.ts';
import { Replacement } from './replacement.ts';

/** That an object came (`wasThere` false), changed, or went (`isThere` false). */
export interface CacheChange {
  readonly reference: ObjectReference;
  readonly wasThere: boolean;
  readonly isThere: boolean;
  /** Whether the object may be under deletion. */
  readonly isTerminating: boolean;
  /** Whom the object followed and follows, by `follows` of its kind: none, one, or two. */
  readonly leaders: readonly ObjectReference[];
}

interface Kept {
  readonly apiVersion: string;
  readonly namespaces: Map<string, Map<string, PackedObject>>;
}

/** Objects by kind, namespace and name, as last seen, each kept as one flat text and unpacked when asked for. */
export class ObjectCache {
  readonly #kinds = new Map<string, Kept>();
  readonly #onChange: (change: CacheChange) => void;
  readonly #metadataKinds: ReadonlySet<string>;
  readonly #followers: Followers;

  /**
   * @param onChange Told of each change, at once; must not throw. A write that changes nothing but the version is none.
   * @param kinds Those of which not everything is kept (`fetched`: each new version is a change) or that follow others.
   */
  constructor(onChange: (change: CacheChange) => void, kinds: readonly TranslatedKind[] = []) {
    this.#onChange = onChange;
    this.#metadataKinds = new Set(kinds.filter(({ ingest }) => ingest === 'fetched').map(({ kind }) => kind));
    this.#followers = new Followers(kinds);
  }

  has(reference: ObjectReference): boolean {
    return this.#packed(reference) !== undefined;
  }

  find(reference: ObjectReference): KubernetesObject | undefined {
    const packed = this.#packed(reference);
    const apiVersion = this.#kinds.get(reference.kind)?.apiVersion;
    return packed === undefined || apiVersion === undefined ? undefined : unpackObject(packed, reference, apiVersion);
  }

  /** Objects of a kind, in all namespaces or in one. */
  *list(kind: string, namespace?: string): Iterable<KubernetesObject> {
    const apiVersion = this.#kinds.get(kind)?.apiVersion ?? '';
    for (const [reference, packed] of this.#entries(kind, namespace)) yield unpackObject(packed, reference, apiVersion);
  }

  count(kind: string, namespace?: string): number {
    const namespaces = this.#kinds.get(kind)?.namespaces;
    if (namespace !== undefined) return namespaces?.get(namespace)?.size ?? 0;
    let count = 0;
    for (const names of namespaces?.values() ?? []) count += names.size;
    return count;
  }

  /** Objects that follow this one, as EndpointSlices do a Service. */
  followersOf(reference: ObjectReference): readonly ObjectReference[] {
    return this.#followers.of(reference);
  }

  leaderOf(object: KubernetesObject | undefined): ObjectReference | undefined {
    return this.#followers.leaderOf(object);
  }

  /** Takes in a complete list of a kind, in all namespaces or in one: what is not in it is gone. Nothing changes before its end. */
  replacement(kind: string, namespace: string | undefined): Replacement {
    return new Replacement((objects, apiVersion) => this.#replace({ kind, namespace, apiVersion }, objects));
  }

  /** The same for a list that is there at once. */
  replace(kind: string, namespace: string | undefined, objects: Iterable<KubernetesObject>): void {
    const replacement = this.replacement(kind, namespace);
    for (const object of objects) replacement.upsert(object);
    replacement.commit();
  }

  /** Under the name of one deleted meanwhile, an object is another one: that one went, this one came. */
  upsert(object: KubernetesObject): void {
    this.#upsert(cachedReference(object), packObject(object), object.apiVersion);
  }

  delete(object: KubernetesObject): void {
    this.#delete(cachedReference(object));
  }

  #replace(
    list: { readonly kind: string; readonly namespace: string | undefined; readonly apiVersion: string },
    objects: ReadonlyMap<string, ReadonlyMap<string, PackedObject>>,
  ): void {
    const { kind, apiVersion } = list;
    const gone = Array.from(this.#entries(kind, list.namespace), ([reference]) => reference).filter(
      ({ namespace = '', name }) => objects.get(namespace)?.has(name) !== true,
    );
    for (const reference of gone) this.#delete(reference);
    for (const [namespace, names] of objects) {
      for (const [name, packed] of names) this.#upsert(referenceTo(kind, namespace, name), packed, apiVersion);
    }
  }

  #upsert(reference: ObjectReference, packed: PackedObject, apiVersion: string): void {
    const before = this.#packed(reference);
    if (before !== undefined && !this.#isSameObject(before, packed)) {
      this.#delete(reference);
      return this.#upsert(reference, packed, apiVersion);
    }
    const isChanged = before === undefined || !this.#isSame(reference.kind, before, packed);
    const leaders = isChanged ? this.#follow(reference, before, packed) : [];
    this.#names(reference, apiVersion).set(reference.name, packed);
    if (!isChanged) return;
    const isTerminating = packed.includes('"deletionTimestamp"');
    this.#onChange({ reference, wasThere: before !== undefined, isThere: true, isTerminating, leaders });
  }

  #delete(reference: ObjectReference): void {
    const namespaces = this.#kinds.get(reference.kind)?.namespaces;
    const names = namespaces?.get(reference.namespace ?? '');
    const before = names?.get(reference.name);
    if (before === undefined) return;
    const leaders = this.#follow(reference, before, undefined);
    names?.delete(reference.name);
    if (names?.size === 0) namespaces?.delete(reference.namespace ?? '');
    this.#onChange({ reference, wasThere: true, isThere: false, isTerminating: false, leaders });
  }

  /** @returns Whom it has followed and follows. */
  #follow(
    reference: ObjectReference,
    before: PackedObject | undefined,
    after: PackedObject | undefined,
  ): readonly ObjectReference[] {
    if (!this.#followers.has(reference.kind)) return [];
    const [left, joined] = [before, after].map((packed) =>
      this.#followers.leaderOf(packed === undefined ? undefined : unpackObject(packed, reference, '')),
    );
    const isSame = left?.name === joined?.name;
    if (left !== undefined && !isSame) this.#followers.remove(left, reference);
    if (joined !== undefined && !isSame) this.#followers.add(joined, reference);
    return [left, isSame ? undefined : joined].filter((leader) => leader !== undefined);
  }

  #isSameObject(before: PackedObject, after: PackedObject): boolean {
    return isSameButVersion(before, after) || uidOf(before) === uidOf(after);
  }

  #isSame(kind: string, before: PackedObject, after: PackedObject): boolean {
    return before === after || (!this.#metadataKinds.has(kind) && isSameButVersion(before, after));
  }

  #packed({ kind, namespace = '', name }: ObjectReference): PackedObject | undefined {
    return this.#kinds.get(kind)?.namespaces.get(namespace)?.get(name);
  }

  *#entries(kind: string, namespace: string | undefined): Iterable<readonly [ObjectReference, PackedObject]> {
    for (const [in_, names] of this.#kinds.get(kind)?.namespaces ?? []) {
      if (namespace !== undefined && namespace !== in_) continue;
      for (const [name, packed] of names) yield [referenceTo(kind, in_, name), packed];
    }
  }

  #names({ kind, namespace = '' }: ObjectReference, apiVersion: string): Map<string, PackedObject> {
    const kept = this.#kinds.get(kind) ?? { apiVersion, namespaces: new Map<string, Map<string, PackedObject>>() };
    this.#kinds.set(kind, kept);
    const names = kept.namespaces.get(namespace) ?? new Map<string, PackedObject>();
    kept.namespaces.set(namespace, names);
    return names;
  }
}

function cachedReference({ kind, metadata: { namespace = '', name } }: KubernetesObject): ObjectReference {
  return referenceTo(kind, namespace, name);
}

function referenceTo(kind: string, namespace: string, name: string): ObjectReference {
  return namespace === '' ? { kind, name } : { kind, namespace, name };
}
