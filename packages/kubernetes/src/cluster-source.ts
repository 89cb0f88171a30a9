import { CoalescingQueue, silentLogger, untilAborted } from '@koko/lifecycle';
import type { Clock, Logger, Runnable } from '@koko/lifecycle';
import { referenceKey, translatedKinds } from '@koko/translator';
import type { KubernetesObject, ObjectReference, TranslatedKind } from '@koko/translator';
import type { ApiClient } from './api-client.ts';
import { NeededContents } from './needed-contents.ts';
import { ObjectCache } from './object-cache.ts';
import type { CacheChange } from './object-cache.ts';
import { contentOnDemandKinds, needsOf } from './object-needs.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorLimits, ReflectorStatus } from './reflector.ts';

export interface ClusterSourceOptions {
  readonly client: ApiClient;
  /** What to follow. Default: all that the translator reads. */
  readonly kinds?: readonly TranslatedKind[];
  /** Namespaces to read namespaced kinds in. Default, or when empty: all. */
  readonly watchNamespaces?: readonly string[];
  /** Label selectors, as `kubectl get -l` takes them, by kind. */
  readonly labelSelectors?: Readonly<Record<string, string>>;
  readonly limits?: Partial<ReflectorLimits>;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** At least 0, less than 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/** How a cluster source fares. */
export interface ClusterSourceStatus {
  readonly hasSynced: boolean;
  readonly reflectors: readonly ReflectorStatus[];
  /** Objects fetched on demand: how many something refers to, and how many of these are here. */
  readonly contents: { readonly needed: number; readonly held: number };
}

/**
 * A cluster as a source of Kubernetes objects. Of Secrets (and ConfigMaps), only metadata are followed; the content of one
 * is fetched while an object in the cache refers to it (as `spec.tls` of any Ingress does) or `need` asks for it.
 */
export class ClusterSource implements Runnable {
  readonly name = 'cluster';
  readonly #queue = new CoalescingQueue<ObjectReference>(referenceKey);
  readonly #cache = new ObjectCache((change) => this.#changed(change), contentOnDemandKinds);
  readonly #contents: NeededContents;
  readonly #reflectors: readonly Reflector[];
  readonly #synced = Promise.withResolvers<void>();
  readonly #logger: Logger;
  #haveListsSynced = false;
  #hasSynced = false;

  constructor(options: ClusterSourceOptions) {
    const { client, kinds = translatedKinds, logger = silentLogger } = options;
    const shared = {
      client,
      logger,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.random === undefined ? {} : { random: options.random }),
    };
    this.#logger = logger;
    this.#reflectors = kinds.flatMap((kind) => reflectorsFor(kind, options, { ...shared, cache: this.#cache }));
    this.#contents = new NeededContents({
      ...shared,
      kinds: new Map(kinds.map((kind) => [kind.kind, kind])),
      metadataOf: (reference) => this.#cache.find(reference),
      onChange: (reference) => this.#queue.add(reference),
      onProgress: () => this.#checkSynced(),
    });
  }

  /** Follows the cluster until `signal` aborts, through whatever happens to the API server. Ready once synced. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const stop = new AbortController();
    const abort = (): void => stop.abort();
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    void this.#synced.promise.then(ready);
    void Promise.all(this.#reflectors.map(({ synced }) => synced)).then(() => {
      this.#haveListsSynced = true;
      this.#checkSynced();
    });
    const parts = [...this.#reflectors, this.#contents].map((part) => part.run(stop.signal));
    try {
      await Promise.all(parts);
    } finally {
      abort();
      signal.removeEventListener('abort', abort);
      await Promise.allSettled(parts);
    }
  }

  /** Settles once every kind has been listed in full, those apart that the cluster does not have, and what they need was fetched. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#synced.promise, untilAborted(signal)]);
    signal.throwIfAborted();
  }

  /** References of objects that came, changed or went, coalesced while the reader is busy. At first, all of them. */
  changes(signal: AbortSignal): AsyncIterable<readonly ObjectReference[]> {
    return this.#queue.drain(signal);
  }

  /** The object as last seen; of kinds whose content is fetched on demand, only with its content. */
  find(reference: ObjectReference): KubernetesObject | undefined {
    return contentOnDemandKinds.has(reference.kind) ? this.#contents.find(reference) : this.#cache.find(reference);
  }

  /** All objects of a kind; metadata only where content is fetched on demand. */
  list(kind: string): Iterable<KubernetesObject> {
    return this.#cache.list(kind);
  }

  /** Asks for the content of a Secret (or ConfigMap) until the returned function is called. */
  need(reference: ObjectReference): () => void {
    let isNeeded = true;
    this.#contents.need(reference);
    return () => {
      if (isNeeded) this.#contents.release(reference);
      isNeeded = false;
    };
  }

  status(): ClusterSourceStatus {
    const reflectors = this.#reflectors.map((reflector) => reflector.status());
    return { hasSynced: this.#hasSynced, reflectors, contents: this.#contents.counts() };
  }

  #changed({ reference, before, after }: CacheChange): void {
    for (const needed of needsOf(after)) this.#contents.need(needed); // first, so that what stays needed is not dropped
    for (const needed of needsOf(before)) this.#contents.release(needed);
    if (contentOnDemandKinds.has(reference.kind)) this.#contents.changed(reference);
    else this.#queue.add(reference);
  }

  #checkSynced(): void {
    if (this.#hasSynced || !this.#haveListsSynced || !this.#contents.isSettled()) return;
    this.#hasSynced = true;
    this.#logger.info(this.#contents.counts(), 'Read the cluster for the first time');
    this.#synced.resolve();
  }
}

type ReflectorSurroundings = Omit<ConstructorParameters<typeof Reflector>[0], 'kind'>;

function reflectorsFor(
  kind: TranslatedKind,
  { watchNamespaces = [], labelSelectors = {}, limits }: ClusterSourceOptions,
  surroundings: ReflectorSurroundings,
): readonly Reflector[] {
  const labelSelector = labelSelectors[kind.kind];
  const options = {
    ...surroundings,
    kind,
    content: contentOnDemandKinds.has(kind.kind) ? ('metadata' as const) : ('whole' as const),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(limits === undefined ? {} : { limits }),
  };
  if (!kind.namespaced || watchNamespaces.length === 0) return [new Reflector(options)];
  return [...new Set(watchNamespaces)].map((namespace) => new Reflector({ ...options, namespace }));
}
