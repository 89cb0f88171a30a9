import { customKinds, established, isDefinition, problemOfDefinition } from './custom-kinds.ts';
import { KindRegistry } from './kind-registry.ts';
import { ObjectStore } from './object-store.ts';
import { ObjectWriter } from './object-writer.ts';
import { StatusError, invalid, notFound } from './status-error.ts';
import type { ApiObject } from './api-object.ts';
import type { Clock } from '@koko/lifecycle';
import type { DeleteOptions, ExistingTarget, WriteHooks } from './object-writer.ts';
import type { ServedKind } from './served-kind.ts';
import type { WriteTarget } from './written-object.ts';

const FIRST_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

export interface ClusterOptions {
  readonly clock: Clock;
  readonly historyEvents: number;
  readonly establishDelayMs: number;
  /** A kind is served no longer; its watches must end. */
  readonly onKindRemoved: (kind: ServedKind) => void;
}

/** What the server holds: objects, the kinds they may have, and the life of namespaces and definitions. */
export class Cluster implements WriteHooks {
  readonly store: ObjectStore;
  readonly kinds = new KindRegistry();
  readonly writer: ObjectWriter;
  readonly #options: ClusterOptions;
  readonly #customKinds = new Map<string, readonly ServedKind[]>();
  readonly #pending = new Set<() => void>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.store = new ObjectStore(options.historyEvents);
    this.writer = new ObjectWriter(this.store, options.clock, this);
    this.#createFirstNamespaces();
  }

  /** Forgets all objects and custom kinds, as with a new etcd. */
  clear(): void {
    this.releaseTimers();
    this.store.clear();
    this.#customKinds.clear();
    this.kinds.reset();
    this.#createFirstNamespaces();
  }

  releaseTimers(): void {
    for (const cancel of this.#pending) cancel();
    this.#pending.clear();
  }

  delete(target: ExistingTarget, options: DeleteOptions): ApiObject {
    if (target.kind.storageKey !== '/namespaces' || options.dryRun) return this.writer.delete(target, options);
    return this.#deleteNamespace(target);
  }

  /** All namespaced kinds, each stored one once. */
  #namespacedKinds(): readonly ServedKind[] {
    const kinds = this.kinds.list().filter((kind) => kind.namespaced);
    return [...new Map(kinds.map((kind) => [kind.storageKey, kind])).values()];
  }

  #createFirstNamespaces(): void {
    const kind = this.#namespaceKind();
    for (const name of FIRST_NAMESPACES)
      this.writer.create({ kind, namespace: undefined, name }, { metadata: { name } });
  }

  #namespaceKind(): ServedKind {
    const kind = this.kinds.find('', 'v1', 'namespaces');
    if (kind === undefined) throw new TypeError('Cannot find the built-in kind Namespace');
    return kind;
  }

  #deleteNamespace(target: ExistingTarget): ApiObject {
    const { kind, name } = target;
    const marked = this.writer.markDeleted(kind, this.writer.get(target), { status: { phase: 'Terminating' } });
    for (const content of this.#namespacedKinds()) {
      for (const { metadata } of this.#contentOf(content, name))
        this.writer.delete({ kind: content, namespace: name, name: metadata.name }, { dryRun: false });
    }
    this.#finishNamespace(name);
    return marked;
  }

  #contentOf(kind: ServedKind, namespace: string): readonly ApiObject[] {
    const { store } = this;
    return store
      .collection(kind.storageKey)
      .sorted()
      .filter((object) => object.metadata.namespace === namespace);
  }

  #finishNamespace(name: string): void {
    const kind = this.#namespaceKind();
    const namespace = this.store.collection(kind.storageKey).find(undefined, name);
    if (namespace?.metadata.deletionTimestamp === undefined || this.holds(kind, namespace)) return;
    if ((namespace.metadata.finalizers ?? []).length === 0) this.writer.remove(kind, namespace);
  }

  holds(kind: ServedKind, { metadata }: ApiObject): boolean {
    if (kind.storageKey !== '/namespaces') return false;
    return this.#namespacedKinds().some((content) => this.#contentOf(content, metadata.name).length > 0);
  }

  beforeCreate({ kind, namespace }: WriteTarget): void {
    if (!kind.namespaced) return;
    const namespaceKind = this.#namespaceKind();
    const found = this.store.collection(namespaceKind.storageKey).find(undefined, namespace ?? '');
    if (found === undefined) throw notFound(namespaceKind, namespace ?? '');
    if (found.metadata.deletionTimestamp !== undefined)
      throw new StatusError(
        403,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
        {
          details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
        },
      );
  }

  check(kind: ServedKind, object: ApiObject): void {
    if (!isDefinition(kind)) return;
    const problem = problemOfDefinition(object);
    if (problem !== undefined) throw invalid(kind, object.metadata.name, problem.field, problem.why);
  }

  written(kind: ServedKind, object: ApiObject): void {
    if (!isDefinition(kind)) return;
    const { name } = object.metadata;
    if (this.#customKinds.has(name)) this.#serve(object);
    else if (this.#options.establishDelayMs === 0) this.#establish(kind, name);
    else this.#later(this.#options.establishDelayMs, () => this.#establish(kind, name));
  }

  #later(delayMs: number, callback: () => void): void {
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#pending.delete(cancel);
      callback();
    });
    this.#pending.add(cancel);
  }

  #establish(kind: ServedKind, name: string): void {
    const definition = this.store.collection(kind.storageKey).find(undefined, name);
    if (definition === undefined || this.#customKinds.has(name)) return;
    this.#serve(definition);
    this.store.put(kind.storageKey, established(definition, this.writer.timestamp()));
  }

  #serve(definition: ApiObject): void {
    const { name } = definition.metadata;
    const kinds = customKinds(definition);
    for (const before of this.#customKinds.get(name) ?? []) this.kinds.remove(before);
    this.#customKinds.set(name, kinds);
    for (const kind of kinds) this.kinds.add(kind);
  }

  removed(kind: ServedKind, { metadata }: ApiObject): void {
    if (isDefinition(kind)) this.#removeCustom(metadata.name);
    else if (metadata.namespace !== undefined) this.#finishNamespace(metadata.namespace);
  }

  #removeCustom(definitionName: string): void {
    const kinds = this.#customKinds.get(definitionName) ?? [];
    this.#customKinds.delete(definitionName);
    for (const kind of kinds) {
      for (const object of this.store.collection(kind.storageKey).sorted()) this.store.remove(kind.storageKey, object);
      this.kinds.remove(kind);
      this.#options.onKindRemoved(kind);
    }
  }
}
