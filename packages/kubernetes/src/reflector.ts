import { jitteredBackoffMs, silentLogger, systemClock } from '@koko/lifecycle';
import type { Clock, Logger } from '@koko/lifecycle';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { delay } from './delay.ts';
import { FailureLog } from './failure-log.ts';
import type { ObjectCache } from './object-cache.ts';
import type { Replacement } from './replacement.ts';
import { resourceName } from './resource-path.ts';
import { parseWatchEvent } from './watch-event.ts';
import { currentVersion, isServed, listAll, watchRequest } from './watched-resource.ts';
import type { WatchedResource } from './watched-resource.ts';

/** Times and sizes of reflectors; the defaults suit a real cluster. */
export interface ReflectorLimits {
  /** Objects per page of a list. Default: 500. */
  readonly pageSize: number;
  /** Whether to ask for lists as streams first. Default: true; servers that refuse are asked for pages. */
  readonly isListStreamed: boolean;
  /** A watch on which nothing comes for so long is begun anew where it was. Default: 60,000. */
  readonly silenceMs: number;
  /** The same within a streamed list, after which pages are asked for. Default: 15,000. */
  readonly listSilenceMs: number;
  /** The server is told to end a watch after this time, up to twice as long by chance. Default: 300. */
  readonly watchSeconds: number;
  /** Wait after the first failure, and the longest. Defaults: 200 and 30,000. */
  readonly retryFirstMs: number;
  readonly retryLongestMs: number;
  /** The same while a kind is not served. Defaults: 1,000 and 10,000. */
  readonly missingFirstMs: number;
  readonly missingLongestMs: number;
  /** A watch that ends after this time is followed by a whole list, in case anything was ever lost. Default: 10 hours. */
  readonly relistMs: number;
}

/** What `ReflectorLimits` are unless set. */
export const defaultReflectorLimits: ReflectorLimits = {
  pageSize: 500,
  isListStreamed: true,
  silenceMs: 60_000,
  listSilenceMs: 15_000,
  watchSeconds: 300,
  retryFirstMs: 200,
  retryLongestMs: 30_000,
  missingFirstMs: 1_000,
  missingLongestMs: 10_000,
  relistMs: 36_000_000,
};

export interface ReflectorOptions extends WatchedResource {
  readonly client: ApiClient;
  /** Where the objects go. */
  readonly cache: ObjectCache;
  readonly limits?: Partial<ReflectorLimits>;
  readonly logger?: Logger;
  /** Where failures are told, shared by all who ask the same server. Default: one of its own. */
  readonly failureLog?: FailureLog;
  readonly clock?: Clock;
  /** At least 0, less than 1. Default: `Math.random`. */
  readonly random?: () => number;
}

export type ReflectorState = 'listing' | 'watching' | 'missing' | 'waiting';

/** How a reflector fares, for logs, metrics and readiness. */
export interface ReflectorStatus {
  readonly kind: string;
  readonly namespace?: string;
  /** `missing`: the API server does not serve the kind; `waiting`: it failed and tries again soon. */
  readonly state: ReflectorState;
  readonly hasSynced: boolean;
  readonly resourceVersion: string | undefined;
  readonly lists: number;
  readonly watches: number;
  readonly failures: number;
  readonly malformed: number;
  /** The last failure, also where it has been overcome. */
  readonly lastError?: ApiError;
}

/** A watch that lives for so long has worked, even if nothing came. So has a list that none came so shortly before. */
const SETTLED_MS = 10_000;
/** After so many failures it is worth telling that they are over. */
const FAILURES_TO_TELL = 3;
/** After so many failures in a row the version that is being watched from is not trusted any more. */
const MAX_FAILURES_OF_VERSION = 3;
/** An API server that is just starting may not serve everything yet; objects are not given up for that. */
const MISSING_CONFIRMATIONS = 3;

/** Keeps the objects of one kind in a cache equal to those of the API server, through whatever goes wrong between them. */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #limits: ReflectorLimits;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #logger: Logger;
  readonly #failureLog: FailureLog;
  readonly #synced = Promise.withResolvers<void>();
  readonly #counts = { lists: 0, watches: 0, failures: 0, malformed: 0 };
  #state: ReflectorState = 'listing';
  #hasSynced = false;
  #resourceVersion: string | undefined;
  /** Whether the server may have lost its data since, so that the version has to be compared before it is used. */
  #isVersionInDoubt = false;
  #isMaybeMissing = false;
  #missingConfirmations = 0;
  #isListStreamed: boolean;
  #failuresInARow = 0;
  #listedAt = -Infinity;
  #lastError: ApiError | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#limits = { ...defaultReflectorLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#logger = options.logger ?? silentLogger;
    this.#failureLog = options.failureLog ?? new FailureLog(this.#logger, this.#clock);
    this.#isListStreamed = this.#limits.isListStreamed;
  }

  /** Settles once the first complete list is in the cache, or the kind is known not to be served. */
  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  status(): ReflectorStatus {
    const { kind, namespace } = this.#options;
    return {
      kind: kind.kind,
      ...(namespace === undefined ? {} : { namespace }),
      state: this.#state,
      hasSynced: this.#hasSynced,
      resourceVersion: this.#resourceVersion,
      ...this.#counts,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
    };
  }

  /** Follows the API server until `signal` aborts; nothing that the server does ends it. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#isMaybeMissing) await this.#awaitKind(signal);
        else if (this.#resourceVersion === undefined) await this.#list(signal);
        else await this.#watch(this.#resourceVersion, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        await this.#recover(error, signal).catch(ignoreAbort(signal));
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    this.#state = 'listing';
    if (this.#isListStreamed && (await this.#streamList(signal))) return;
    const { client, cache, kind, namespace } = this.#options;
    const target = cache.replacement(kind.kind, namespace);
    const resourceVersion = await listAll(client, this.#options, { pageSize: this.#limits.pageSize, target }, signal);
    this.#accept(target, resourceVersion);
  }

  /** Lists and goes on watching in one request. Returns false where the server cannot do that. */
  async #streamList(signal: AbortSignal): Promise<boolean> {
    const lists = this.#counts.lists;
    try {
      await this.#stream(undefined, signal);
      return true;
    } catch (error) {
      const isListed = this.#counts.lists > lists;
      if (isListed || !(error instanceof ApiError) || !isStreamRefusal(error)) throw error;
      // An error within the server may pass; that it does not know streamed lists will not.
      this.#isListStreamed = error.code === 'ERR_KUBERNETES_FAILED';
      this.#logger.debug({ kind: this.#options.kind.kind, code: error.code }, 'Lists come in pages, not as a stream');
      return false;
    }
  }

  async #watch(since: string, signal: AbortSignal): Promise<void> {
    if (this.#isVersionInDoubt && (await this.#isVersionLost(since, signal))) {
      this.#logger.warn(
        { kind: this.#options.kind.kind },
        'The API server is older than what it told before: listing anew',
      );
      this.#resourceVersion = undefined;
      return;
    }
    this.#isVersionInDoubt = false;
    await this.#stream(since, signal);
  }

  /** A server restored or emptied starts counting lower, and would leave a watch from the future waiting without a word. */
  async #isVersionLost(since: string, signal: AbortSignal): Promise<boolean> {
    const current = await currentVersion(this.#options.client, this.#options, signal);
    const areNumbers = /^\d+$/.test(current) && /^\d+$/.test(since);
    return areNumbers && BigInt(current) < BigInt(since);
  }

  /** One watch until its end, from a version or with the present objects first. */
  async #stream(since: string | undefined, signal: AbortSignal): Promise<void> {
    const { client, kind, namespace, content = 'whole', cache } = this.#options;
    const { watchSeconds, silenceMs, listSilenceMs } = this.#limits;
    const request = watchRequest(this.#options, Math.round(watchSeconds * (1 + this.#random())), since);
    const startedAt = this.#clock.now();
    let initial = since === undefined ? cache.replacement(kind.kind, namespace) : undefined;
    this.#counts.watches += 1;
    if (initial === undefined) this.#state = 'watching';
    try {
      for await (const line of client.lines(request, () => (initial ? listSilenceMs : silenceMs), signal)) {
        const event = parseWatchEvent(kind, content, line);
        if (initial === undefined) this.#succeeded();
        if (event.type === 'upserted') (initial ?? cache).upsert(event.object);
        else if (event.type === 'deleted') (initial ?? cache).delete(event.object);
        if (initial === undefined) this.#resourceVersion = event.resourceVersion;
        else if (event.type === 'bookmark' && event.isEndOfList) {
          this.#accept(initial, event.resourceVersion);
          initial = undefined;
          this.#state = 'watching';
        }
      }
    } finally {
      if (this.#clock.now() - startedAt >= SETTLED_MS) this.#succeeded();
    }
    await this.#ended(initial !== undefined, startedAt, signal);
  }

  /** The server ended the watch in order, as it should after a while. */
  async #ended(isWithinList: boolean, startedAt: number, signal: AbortSignal): Promise<void> {
    const action = `watch ${resourceName(this.#options.kind)}`;
    if (isWithinList)
      throw new ApiError('ERR_KUBERNETES_STREAM_BROKEN', `Cannot ${action}: the list ended before its end`);
    const now = this.#clock.now();
    if (now - this.#listedAt >= this.#limits.relistMs) this.#resourceVersion = undefined;
    // One that ends watches as soon as they begin must not be asked in a tight loop.
    if (now - startedAt < 1000) await this.#pause(0, signal);
  }

  /** A complete list, however short, is what there is. */
  #accept(list: Replacement, resourceVersion: string): void {
    list.commit();
    this.#resourceVersion = resourceVersion;
    this.#isVersionInDoubt = false;
    this.#counts.lists += 1;
    const now = this.#clock.now();
    // Lists one right after another mean that no watch holds; those must go on getting rarer.
    if (now - this.#listedAt >= SETTLED_MS) this.#succeeded();
    this.#listedAt = now;
    this.#settle();
  }

  #succeeded(): void {
    const { kind, namespace } = this.#options;
    const failures = this.#failuresInARow;
    this.#failuresInARow = 0;
    if (failures >= FAILURES_TO_TELL)
      this.#logger.info({ kind: kind.kind, namespace, failures }, 'Follows the kind again');
  }

  #settle(): void {
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  /** Looks now and then whether the kind is served; where it is not for sure, its objects are gone. */
  async #awaitKind(signal: AbortSignal): Promise<void> {
    const { client, cache, kind, namespace } = this.#options;
    if (await isServed(client, kind, signal)) {
      this.#isMaybeMissing = false;
      this.#missingConfirmations = 0;
      return;
    }
    this.#missingConfirmations += 1;
    const needed = cache.count(kind.kind, namespace) > 0 ? MISSING_CONFIRMATIONS : 1;
    if (this.#missingConfirmations >= needed && this.#state !== 'missing') {
      this.#logger.info({ kind: kind.kind }, 'The cluster does not have this kind; waiting for it');
      cache.replace(kind.kind, namespace, []);
      this.#settle();
      this.#state = 'missing';
      this.#failuresInARow = 0;
    }
    const { missingFirstMs: firstMs, missingLongestMs: longestMs } = this.#limits;
    const waitMs = jitteredBackoffMs(this.#missingConfirmations - 1, { firstMs, longestMs, random: this.#random });
    await delay(this.#clock, waitMs, signal);
  }

  /** Decides where to go on after a failure, and waits. What is in the cache stays. */
  async #recover(error: ApiError, signal: AbortSignal): Promise<void> {
    this.#lastError = error;
    this.#counts.failures += 1;
    if (this.#state !== 'missing') this.#state = 'waiting';
    switch (error.code) {
      case 'ERR_KUBERNETES_NOT_FOUND':
        this.#isMaybeMissing = true;
        this.#resourceVersion = undefined;
        break;
      case 'ERR_KUBERNETES_MALFORMED':
        this.#counts.malformed += 1;
        this.#resourceVersion = undefined;
        break;
      case 'ERR_KUBERNETES_GONE':
      case 'ERR_KUBERNETES_UNREACHABLE': // whoever answers next may have been restored from a backup
        this.#resourceVersion = undefined;
        break;
      case 'ERR_KUBERNETES_FORBIDDEN':
      case 'ERR_KUBERNETES_THROTTLED':
      case 'ERR_KUBERNETES_UNAUTHORIZED':
        break; // says nothing about the version, and a list would make it worse
      default:
        this.#isVersionInDoubt = true;
        if (this.#failuresInARow + 1 >= MAX_FAILURES_OF_VERSION) this.#resourceVersion = undefined;
    }
    this.#log(error);
    const isExpected = error.code === 'ERR_KUBERNETES_SILENT' || error.code === 'ERR_KUBERNETES_GONE';
    const mayGoOn = this.#failuresInARow === 0 && (isExpected || error.code === 'ERR_KUBERNETES_NOT_FOUND');
    if (mayGoOn) this.#failuresInARow += 1;
    else await this.#pause(error.retryAfterMs ?? 0, signal);
  }

  async #pause(leastMs: number, signal: AbortSignal): Promise<void> {
    const { retryFirstMs: firstMs, retryLongestMs: longestMs } = this.#limits;
    const waitMs = jitteredBackoffMs(this.#failuresInARow, { firstMs, longestMs, random: this.#random });
    this.#failuresInARow += 1;
    await delay(this.#clock, Math.max(leastMs, waitMs), signal);
  }

  #log(error: ApiError): void {
    const { kind, namespace } = this.#options;
    const fields = { kind: kind.kind, namespace, failures: this.#failuresInARow + 1 };
    const isRoutine =
      error.code === 'ERR_KUBERNETES_SILENT' ||
      error.code === 'ERR_KUBERNETES_GONE' ||
      (error.code === 'ERR_KUBERNETES_NOT_FOUND' && this.#failuresInARow === 0); // that it is waited for is told anyway
    if (isRoutine || this.#state === 'missing')
      this.#logger.debug({ ...fields, code: error.code, err: error }, 'Watching anew');
    else this.#failureLog.warn(error, kind.kind, fields, 'Cannot follow a kind; trying again');
  }
}

/** Servers that do not know streamed lists refuse or fail, or leave the client waiting for the end of the list. */
function isStreamRefusal({ code, status }: ApiError): boolean {
  if (code === 'ERR_KUBERNETES_INVALID' || code === 'ERR_KUBERNETES_SILENT') return true;
  return code === 'ERR_KUBERNETES_FAILED' && status === 500;
}

function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
