import { referenceKey } from '@koko/translator';
import type { KubernetesObject, ObjectReference, TranslatedKind } from '@koko/translator';

/** Objects by the object that they follow, as EndpointSlices do a Service. */
export class Followers {
  readonly #kinds: ReadonlyMap<string, TranslatedKind>;
  /** By key of the leader; most have one or two. */
  readonly #byLeader = new Map<string, ObjectReference[]>();

  constructor(kinds: Iterable<TranslatedKind>) {
    this.#kinds = new Map([...kinds].flatMap((kind) => (kind.follows === undefined ? [] : [[kind.kind, kind]])));
  }

  /** Whom an object follows now; `undefined` for nobody. */
  leaderOf(object: KubernetesObject | undefined): ObjectReference | undefined {
    const follows = object && this.#kinds.get(object.kind)?.follows;
    if (follows === undefined) return undefined;
    const name = object?.metadata.labels?.[follows.label];
    if (typeof name !== 'string' || name === '') return undefined;
    const namespace = object?.metadata.namespace;
    return { kind: follows.kind, ...(namespace === undefined ? {} : { namespace }), name };
  }

  /** Whether objects of the kind follow others. */
  has(kind: string): boolean {
    return this.#kinds.has(kind);
  }

  of(leader: ObjectReference): readonly ObjectReference[] {
    return this.#byLeader.get(referenceKey(leader)) ?? [];
  }

  add(leader: ObjectReference, follower: ObjectReference): void {
    const key = referenceKey(leader);
    const followers = this.#byLeader.get(key);
    if (followers === undefined) this.#byLeader.set(key, [follower]);
    else followers.push(follower);
  }

  remove(leader: ObjectReference, { kind, namespace, name }: ObjectReference): void {
    const key = referenceKey(leader);
    const followers = this.#byLeader.get(key) ?? [];
    const at = followers.findIndex((one) => one.kind === kind && one.namespace === namespace && one.name === name);
    if (at >= 0) followers.splice(at, 1);
    if (followers.length === 0) this.#byLeader.delete(key);
  }
}
