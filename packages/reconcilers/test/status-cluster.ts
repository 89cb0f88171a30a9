import { referenceKey } from '@koko/translator';
import type { KubernetesObject, ObjectProblem, ObjectReference } from '@koko/translator';
import type { StatusChanges } from '../src/status-reconciler.ts';
import type {
  AddressSource,
  PublishedAddress,
  StatusTarget,
  StatusWriteOutcome,
  StatusWriter,
} from '../src/status-writer.ts';

export type Mood = 'well' | 'down' | 'refusing' | 'hanging';

/** Objects at a server and as a source has seen them, which may lag behind; counts every request. */
export class StatusCluster implements StatusWriter {
  readonly requests: { readonly key: string; readonly result: string }[] = [];
  readonly accepted = new Map<string, ObjectReference>();
  readonly problems = new Set<ObjectProblem>();
  mood: Mood = 'well';
  /** Whether writes are seen by the source at once. */
  isWatched = true;
  /** What hears of rounds of reconciling. */
  onRound: (changes: StatusChanges) => void = () => {};
  /** Asked within each request, before it takes effect. */
  onRequest: (target: StatusTarget) => void = () => {};
  readonly #atServer = new Map<string, KubernetesObject>();
  readonly #seen = new Map<string, KubernetesObject>();
  #version = 0;
  #uids = 0;

  find(reference: ObjectReference): KubernetesObject | undefined {
    return this.#seen.get(referenceKey(reference));
  }

  statusOf(reference: ObjectReference): unknown {
    return this.#atServer.get(referenceKey(reference))?.['status'];
  }

  /** Somebody else creates the object or changes it; a status of their own may come along. */
  put(reference: ObjectReference, fields: Readonly<Record<string, unknown>> = {}): void {
    const key = referenceKey(reference);
    const before = this.#atServer.get(key);
    this.#version += 1;
    const { kind, ...names } = reference;
    const metadata = {
      ...names,
      uid: before?.metadata.uid ?? `uid-${(this.#uids += 1)}`,
      generation: (before?.metadata.generation ?? 0) + ('status' in fields ? 0 : 1),
      resourceVersion: String(this.#version),
    };
    this.#atServer.set(key, { status: before?.['status'], ...fields, apiVersion: 'v1', kind, metadata });
  }

  remove(reference: ObjectReference): void {
    this.#atServer.delete(referenceKey(reference));
  }

  /** The source catches up, and what changed is reconciled. */
  see(reference: ObjectReference, changes: Partial<StatusChanges> = {}): void {
    const key = referenceKey(reference);
    const object = this.#atServer.get(key);
    if (object === undefined) this.#seen.delete(key);
    else this.#seen.set(key, object);
    for (const accepted of changes.accepted ?? []) this.accepted.set(referenceKey(accepted), accepted);
    for (const disowned of changes.disowned ?? []) this.accepted.delete(referenceKey(disowned));
    for (const problem of changes.problemsRemoved ?? []) this.problems.delete(problem);
    for (const problem of changes.problemsAdded ?? []) this.problems.add(problem);
    const none = { accepted: [], disowned: [], problemsAdded: [], problemsRemoved: [] };
    this.onRound({ ...none, changed: [reference], ...changes });
  }

  /** A new object of ours, reconciled. */
  create(reference: ObjectReference, fields: Readonly<Record<string, unknown>> = {}): void {
    this.put(reference, fields);
    this.see(reference, { accepted: [reference] });
  }

  async write(
    target: StatusTarget,
    status: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<StatusWriteOutcome> {
    const key = referenceKey(target.reference);
    await Promise.resolve();
    if (this.mood === 'hanging') await aborted(signal);
    this.onRequest(target);
    const outcome = this.#apply(target, status);
    this.requests.push({ key, result: outcome?.result ?? 'failed' });
    if (outcome === undefined) throw new Error('down');
    if (outcome.result === 'written' && this.isWatched) this.see(target.reference);
    return outcome;
  }

  #apply(
    { reference, uid, resourceVersion }: StatusTarget,
    status: Readonly<Record<string, unknown>>,
  ): StatusWriteOutcome | undefined {
    if (this.mood === 'down') return undefined;
    if (this.mood === 'refusing') return { result: 'refused', error: new Error('forbidden') };
    const object = this.#atServer.get(referenceKey(reference));
    if (object === undefined) return { result: 'gone' };
    const isSame = object.metadata.uid === uid && object.metadata.resourceVersion === resourceVersion;
    if (!isSame) return { result: 'conflict' };
    this.put(reference, { ...object, status: { ...(object['status'] as object | undefined), ...status } });
    return { result: 'written', resourceVersion: String(this.#version) };
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
}

/** Addresses that change when told to. */
export class HandAddresses implements AddressSource {
  #addresses: readonly PublishedAddress[] = [{ ip: '192.0.2.1' }];
  readonly #listeners = new Set<() => void>();

  get listeners(): number {
    return this.#listeners.size;
  }

  current(): readonly PublishedAddress[] {
    return this.#addresses;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  set(...addresses: readonly PublishedAddress[]): void {
    this.#addresses = addresses;
    for (const listener of this.#listeners) listener();
  }
}
