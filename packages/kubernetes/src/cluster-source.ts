import { CoalescingQueue, silentLogger, systemClock, untilAborted } from '@koko/lifecycle';
import type { Clock, Logger, Runnable } from '@koko/lifecycle';
import { referenceKey, translatedKinds } from '@koko/translator';
import type { KubernetesObject, ObjectReference, TranslatedKind } from '@koko/translator';
import type { ApiClient } from './api-client.ts';
import { FailureLog } from './failure-log.ts';
import { namedObjects } from './named-objects.ts';
import { NeededContents } from './needed-contents.ts';
import { ObjectCache } from './object-cache.ts';
import type { CacheChange } from './object-cache.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorLimits, ReflectorStatus } from './reflector.ts';
import { TerminatingObjects } from './terminating-objects.ts';

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

const REMIND_FIRST_MS = 5_000;
const REMIND_AGAIN_MS = 60_000;
/** With many namespaces there may be very many. */
const MAX_REMINDED = 20;

/** How a cluster source fares. */
export interface ClusterSourceStatus {
  readonly hasSynced: boolean;
  readonly reflectors: readonly ReflectorStatus[];
  /** How many objects of each kind the cluster has, demanded or not. */
  readonly objects: Readonly<Record<string, number>>;
  /** Objects fetched on demand: how many something refers to, and how many of these are here. */
  readonly contents: { readonly needed: number; readonly held: number };
}

/** What a demand has brought. */
export interface DemandedObjects {
  /** References by which `find` has something else from now on, wrong guesses among them; they do not come among the changes. */
  readonly here: readonly ObjectReference[];
  /** References of objects that exist, whose content is on its way. */
  readonly awaited: readonly ObjectReference[];
}

/**
 * A cluster as a source of Kubernetes objects. What of it is given on, the table of kinds says: some kinds always, others
 * only while they are demanded; of those `fetched`, only metadata are followed, and content is fetched on demand.
 */
export class ClusterSource implements Runnable {
  readonly name = 'cluster';
  readonly #kinds: ReadonlyMap<string, TranslatedKind>;
  readonly #guessable: readonly TranslatedKind[];
  readonly #queue = new CoalescingQueue<ObjectReference>(referenceKey);
  readonly #cache: ObjectCache;
  readonly #contents: NeededContents;
  readonly #terminating: TerminatingObjects;
  readonly #reflectors: readonly Reflector[];
  /** Keys of what is demanded of `referenced` kinds, there or not. */
  readonly #demanded = new Set<string>();
  /** What will probably be demanded next, by key. */
  readonly #guessed = new Map<string, ObjectReference>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #logger: Logger;
  readonly #clock: Clock;
  #hasSynced = false;

  constructor(options: ClusterSourceOptions) {
    const { client, logger = silentLogger, clock = systemClock } = options;
    const kinds: readonly TranslatedKind[] = options.kinds ?? translatedKinds;
    const failureLog = new FailureLog(logger, clock);
    const shared = {
      client,
      logger,
      failureLog,
      clock,
      ...(options.random === undefined ? {} : { random: options.random }),
    };
    this.#logger = logger;
    this.#clock = clock;
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
    this.#cache = new ObjectCache((change) => this.#changed(change), kinds);
    this.#guessable = kinds.filter(({ ingest, follows }) => ingest === 'referenced' && follows === undefined);
    this.#reflectors = kinds.flatMap((kind) => reflectorsFor(kind, options, { ...shared, cache: this.#cache }));
    this.#terminating = new TerminatingObjects(clock, (reference) => this.#pass(reference));
    this.#contents = new NeededContents({
      ...shared,
      kinds: this.#kinds,
      metadataOf: (reference) => this.#present(reference),
      onChange: (reference) => this.#queue.add(reference),
    });
  }

  /** Follows the cluster until `signal` aborts, through whatever happens to the API server. Ready once synced. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    const cancelReminder = this.#remind(REMIND_FIRST_MS);
    void Promise.all(this.#reflectors.map(({ synced }) => synced)).then(() => {
      this.#hasSynced = true;
      cancelReminder();
      this.#logger.info({ objects: this.#counts() }, 'Read the cluster for the first time');
      this.#synced.resolve();
      ready();
    });
    const parts = [...this.#reflectors, this.#contents].map((part) => part.run(stop));
    try {
      await Promise.all(parts);
    } finally {
      failed.abort();
      cancelReminder();
      this.#terminating.stop();
      await Promise.allSettled(parts);
    }
  }

  /** Settles once every kind has been listed in full, those apart that the cluster does not have. */
  async synced(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#synced.promise, untilAborted(signal)]);
    signal.throwIfAborted();
  }

  /** References of objects that came, changed or went, coalesced while the reader is busy. At first, all that need no demand. */
  changes(signal: AbortSignal): AsyncIterable<readonly ObjectReference[]> {
    return this.#queue.drain(signal);
  }

  /** The object as last seen; of kinds that are not ingested `always`, only while it is demanded, or what it follows is. */
  find(reference: ObjectReference): KubernetesObject | undefined {
    const ingest = this.#ingestOf(reference.kind);
    if (ingest === 'fetched') return this.#contents.find(reference);
    const object = this.#present(reference);
    if (ingest === 'always' || object === undefined) return object;
    return this.#isDemanded(this.#cache.leaderOf(object) ?? reference) ? object : undefined;
  }

  /** The object as last seen, demanded or not; metadata only where content is fetched on demand. */
  findMetadata(reference: ObjectReference): KubernetesObject | undefined {
    return this.#present(reference);
  }

  /**
   * References of `referenced` objects that this one seems to name, and of what follows them; given on until the next `demand`.
   * Who asks for them with the object need not translate it twice.
   */
  guess(object: KubernetesObject): readonly ObjectReference[] {
    const kind = this.#kinds.get(object.kind);
    if (kind === undefined || kind.ingest === 'fetched' || kind.follows !== undefined) return []; // they name nothing
    return namedObjects(object, this.#guessable).flatMap((reference) => {
      if (!this.#cache.has(reference) || this.#isDemanded(reference)) return [];
      this.#guessed.set(referenceKey(reference), reference);
      return this.#keptWith(reference);
    });
  }

  /**
   * Gives these objects on from now on, whether they exist or not, and takes back what was guessed besides.
   * @returns By which references `find` has something else now, and of which the content has to be fetched first.
   */
  demand(references: readonly ObjectReference[]): DemandedObjects {
    const here: ObjectReference[] = [];
    const awaited: ObjectReference[] = [];
    for (const reference of references) {
      if (this.#ingestOf(reference.kind) === 'fetched') {
        if (this.#contents.demand(reference)) awaited.push(reference);
        continue;
      }
      const key = referenceKey(reference);
      this.#demanded.add(key);
      if (!this.#guessed.delete(key)) here.push(...this.#keptWith(reference));
    }
    for (const reference of this.#guessed.values()) here.push(...this.#keptWith(reference));
    this.#guessed.clear();
    return { here, awaited };
  }

  /**
   * Takes a demand back.
   * @returns The references by which `find` has nothing any more.
   */
  release(references: readonly ObjectReference[]): readonly ObjectReference[] {
    return references.flatMap((reference) => {
      if (this.#ingestOf(reference.kind) === 'fetched') return this.#contents.release(reference) ? [reference] : [];
      this.#demanded.delete(referenceKey(reference));
      return this.#keptWith(reference);
    });
  }

  /**
   * Settles once the contents of these awaited objects are here; those that are gone, released or refused do not count.
   * @throws The reason of `signal` when that aborts.
   */
  async settled(references: readonly ObjectReference[], signal: AbortSignal): Promise<void> {
    await this.#contents.settled(references, signal);
  }

  /** All objects of a kind, demanded or not; metadata only where content is fetched on demand. */
  list(kind: string): Iterable<KubernetesObject> {
    return this.#cache.list(kind);
  }

  status(): ClusterSourceStatus {
    const reflectors = this.#reflectors.map((reflector) => reflector.status());
    return { hasSynced: this.#hasSynced, reflectors, objects: this.#counts(), contents: this.#contents.counts() };
  }

  /** What has to come before everything that is referred to has been read, for people; nothing in the usual case. */
  waitsFor(): readonly string[] {
    const kinds = this.#reflectors
      .map((reflector) => reflector.status())
      .filter(({ hasSynced }) => !hasSynced)
      .map(({ kind, namespace, lastError }) => {
        const where = namespace === undefined ? kind : `${kind} in namespace ${namespace}`;
        return `the first list of ${where}${reasonOf(lastError)}`;
      });
    const { count, lastError } = this.#contents.waiting();
    return count === 0 ? kinds : [...kinds, `the content of ${count} objects${reasonOf(lastError)}`];
  }

  /** Says now and then what keeps it from being ready. */
  #remind(delayMs: number): () => void {
    let cancel = this.#clock.after(delayMs, () => {
      const waitsFor = this.waitsFor();
      const fields = { waitsFor: waitsFor.slice(0, MAX_REMINDED), count: waitsFor.length };
      this.#logger.warn(fields, 'Still reading the cluster; nothing is served before all of it has been read');
      cancel = this.#remind(REMIND_AGAIN_MS);
    });
    return () => cancel();
  }

  #counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(Array.from(this.#kinds.keys(), (kind) => [kind, this.#cache.count(kind)]));
  }

  #changed({ reference, isTerminating, leaders }: CacheChange): void {
    this.#terminating.changed(reference, isTerminating ? this.#cache.find(reference) : undefined);
    this.#pass(reference, leaders);
  }

  #pass(reference: ObjectReference, leaders = this.#leadersOf(reference)): void {
    const ingest = this.#ingestOf(reference.kind);
    if (ingest === 'fetched') return this.#contents.changed(reference);
    const isWanted = ingest === 'always' || this.#isDemanded(reference) || leaders.some((one) => this.#isDemanded(one));
    if (isWanted) this.#queue.add(reference);
  }

  #leadersOf(reference: ObjectReference): readonly ObjectReference[] {
    const leader = this.#cache.leaderOf(this.#cache.find(reference));
    return leader === undefined ? [] : [leader];
  }

  /** The object, and what follows it, as far as they are here. */
  #keptWith(reference: ObjectReference): readonly ObjectReference[] {
    const followers = this.#cache.followersOf(reference);
    return this.#cache.has(reference) ? [reference, ...followers] : followers;
  }

  /** One whose deletion has come to its end counts as gone, though finalizers may still keep it. */
  #present(reference: ObjectReference): KubernetesObject | undefined {
    const object = this.#cache.find(reference);
    return object === undefined || this.#terminating.isGone(object) ? undefined : object;
  }

  #isDemanded(reference: ObjectReference): boolean {
    const key = referenceKey(reference);
    return this.#demanded.has(key) || this.#guessed.has(key);
  }

  #ingestOf(kind: string): TranslatedKind['ingest'] {
    return this.#kinds.get(kind)?.ingest ?? 'always';
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
    content: kind.ingest === 'fetched' ? ('metadata' as const) : ('whole' as const),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(limits === undefined ? {} : { limits }),
  };
  if (!kind.namespaced || watchNamespaces.length === 0) return [new Reflector(options)];
  return [...new Set(watchNamespaces)].map((namespace) => new Reflector({ ...options, namespace }));
}

function reasonOf(error: Error | undefined): string {
  return error === undefined ? '' : ` (${error.message})`;
}
