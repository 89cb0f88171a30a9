import { jitteredBackoffMs, silentLogger, systemClock, untilAborted } from '@koko/lifecycle';
import type { Clock, Logger } from '@koko/lifecycle';
import { referenceKey } from '@koko/translator';
import type { KubernetesObject, ObjectReference, TranslatedKind } from '@koko/translator';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { FailureLog } from './failure-log.ts';
import { resourceName, resourcePath } from './resource-path.ts';
import { trimObject } from './trim-object.ts';

export interface NeededContentsOptions {
  readonly client: ApiClient;
  /** Of all references that may be needed, by their kind. */
  readonly kinds: ReadonlyMap<string, TranslatedKind>;
  /** The object as last seen, without its content. */
  readonly metadataOf: (reference: ObjectReference) => KubernetesObject | undefined;
  /** Told when the content of an object came, changed or went. */
  readonly onChange: (reference: ObjectReference) => void;
  readonly logger?: Logger;
  /** Where failures are told. Default: one of its own. */
  readonly failureLog?: FailureLog;
  readonly clock?: Clock;
  readonly random?: () => number;
}

interface Entry {
  readonly reference: ObjectReference;
  content: KubernetesObject | undefined;
  /** Whether the server has answered since it is needed and there, be it by a refusal or the same error again and again. */
  isAnswered: boolean;
  isFetching: boolean;
  failures: number;
  cancelRetry: (() => void) | undefined;
}

/** Enough for thousands in a few seconds; some connections of the client stay free for others. */
const CONCURRENCY = 12;
/** So often, over half a minute, an error of the server passes for its last word on the object; it is asked again all the same. */
const FAILURES_TO_GIVE_UP = 8;
const RETRY_FIRST_MS = 200;
const RETRY_LONGEST_MS = 60_000;

/** Contents of objects that something needs, fetched when their metadata say that they are new, dropped when nothing needs them. */
export class NeededContents {
  readonly #options: NeededContentsOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #failureLog: FailureLog;
  readonly #entries = new Map<string, Entry>();
  readonly #queue = new Set<Entry>();
  readonly #fetches = new Set<Promise<void>>();
  readonly #crashed = Promise.withResolvers<never>();
  /** Keys of objects that are needed and exist, for which the server has not answered. */
  readonly #pending = new Set<string>();
  /** Settles when one of them is so no longer. */
  #progress = Promise.withResolvers<void>();
  #signal: AbortSignal | undefined;
  #lastError: ApiError | undefined;

  constructor(options: NeededContentsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#failureLog = options.failureLog ?? new FailureLog(options.logger ?? silentLogger, this.#clock);
  }

  /**
   * Fetches the content now and whenever it changes, from when the object exists, until `release`.
   * @returns Whether the object is there, and its content on its way.
   */
  demand(reference: ObjectReference): boolean {
    const key = referenceKey(reference);
    if (!this.#entries.has(key)) {
      const entry = newEntry(reference);
      this.#entries.set(key, entry);
      this.#refresh(entry);
    }
    return this.#pending.has(key);
  }

  /** @returns Whether there was content, which is dropped. */
  release(reference: ObjectReference): boolean {
    const key = referenceKey(reference);
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#entries.delete(key);
    this.#queue.delete(entry);
    entry.cancelRetry?.();
    this.#notePending(entry, false);
    return entry.content !== undefined;
  }

  /** To be called whenever the object came, changed or went, as its metadata tell. */
  changed(reference: ObjectReference): void {
    const entry = this.#entries.get(referenceKey(reference));
    if (entry !== undefined) this.#refresh(entry);
  }

  /** The content, if it is needed and has been fetched. While a newer one is on its way, the one before. */
  find(reference: ObjectReference): KubernetesObject | undefined {
    return this.#entries.get(referenceKey(reference))?.content;
  }

  /**
   * Settles once the server has answered, be it by a refusal, for all of these that are needed and exist.
   * @throws The reason of `signal` when that aborts.
   */
  async settled(references: readonly ObjectReference[], signal: AbortSignal): Promise<void> {
    const waiting = references.map(referenceKey);
    const aborted = untilAborted(signal);
    for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
      if (this.#pending.has(last)) await Promise.race([this.#progress.promise, aborted]);
      else waiting.pop();
      signal.throwIfAborted();
    }
  }

  /** For how many objects the server has still to answer, and what came of the last attempt that failed. */
  waiting(): { readonly count: number; readonly lastError?: ApiError } {
    const count = this.#pending.size;
    return { count, ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }) };
  }

  /** How many objects are needed, and the contents of how many are here. */
  counts(): { readonly needed: number; readonly held: number } {
    let held = 0;
    for (const { content } of this.#entries.values()) if (content !== undefined) held += 1;
    return { needed: this.#entries.size, held };
  }

  /** Fetches until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#pump();
    try {
      await Promise.race([untilAborted(signal), this.#crashed.promise]);
    } finally {
      for (const entry of this.#entries.values()) entry.cancelRetry?.();
      await Promise.all(this.#fetches);
    }
  }

  #refresh(entry: Entry): void {
    const metadata = this.#options.metadataOf(entry.reference)?.metadata;
    const held = entry.content?.metadata;
    if (held !== undefined && metadata?.uid !== held.uid) this.#set(entry, undefined);
    if (metadata === undefined) entry.isAnswered = false;
    this.#notePending(entry, metadata !== undefined && !entry.isAnswered);
    if (this.#isStale(entry)) this.#queue.add(entry);
    else this.#queue.delete(entry);
    this.#pump();
  }

  #notePending({ reference }: Entry, isPending: boolean): void {
    const key = referenceKey(reference);
    if (isPending) this.#pending.add(key);
    else if (this.#pending.delete(key)) {
      this.#progress.resolve();
      this.#progress = Promise.withResolvers<void>();
    }
  }

  #isStale({ reference, content }: Entry): boolean {
    const metadata = this.#options.metadataOf(reference)?.metadata;
    if (metadata === undefined) return false;
    return content === undefined || content.metadata.resourceVersion !== metadata.resourceVersion;
  }

  #pump(): void {
    if (this.#signal === undefined || this.#signal.aborted) return;
    for (const entry of this.#queue) {
      if (this.#fetches.size >= CONCURRENCY) return;
      if (entry.isFetching) continue; // comes back to it
      this.#queue.delete(entry);
      entry.cancelRetry?.();
      if (!this.#isStale(entry)) continue; // the last answer was newer than the change that asks for this one
      const fetch = this.#fetch(entry, this.#signal).finally(() => {
        this.#fetches.delete(fetch);
        this.#pump();
      });
      this.#fetches.add(fetch);
    }
  }

  async #fetch(entry: Entry, signal: AbortSignal): Promise<void> {
    entry.isFetching = true;
    try {
      const content = await this.#get(entry.reference, signal);
      this.#answered(entry, content);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError) this.#failed(entry, error);
      else this.#crashed.reject(error);
    } finally {
      entry.isFetching = false;
    }
  }

  async #get(reference: ObjectReference, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    const kind = this.#options.kinds.get(reference.kind);
    if (kind === undefined) return undefined;
    const path = resourcePath(kind, reference.namespace, reference.name);
    try {
      const answer = await this.#options.client.request({ verb: 'get', resource: resourceName(kind), path }, signal);
      return trimObject(kind, answer, 'whole');
    } catch (error) {
      if (error instanceof ApiError && error.code === 'ERR_KUBERNETES_NOT_FOUND') return undefined; // its end is on the way
      throw error;
    }
  }

  #answered(entry: Entry, content: KubernetesObject | undefined): void {
    const isNeeded = this.#entries.get(referenceKey(entry.reference)) === entry;
    const metadata = this.#options.metadataOf(entry.reference)?.metadata;
    if (!isNeeded || metadata === undefined) return;
    entry.isAnswered = true;
    this.#lastError = undefined;
    // One deleted and created again meanwhile is here as soon as its metadata are.
    const isSameObject = content?.metadata.uid === metadata.uid;
    this.#set(entry, isSameObject ? content : undefined);
    this.#notePending(entry, false);
    if (isSameObject) entry.failures = 0;
    else this.#retryLater(entry); // should the end or the other object that this tells of never come
  }

  #failed(entry: Entry, error: ApiError): void {
    if (this.#entries.get(referenceKey(entry.reference)) !== entry) return;
    this.#retryLater(entry, error.retryAfterMs);
    // What cannot be read must not keep everything else from being configured.
    const isLastWord = entry.failures >= FAILURES_TO_GIVE_UP && isAboutObject(error);
    if (error.code === 'ERR_KUBERNETES_FORBIDDEN' || isLastWord) entry.isAnswered = true;
    if (entry.isAnswered) this.#notePending(entry, false);
    const { reference } = entry;
    this.#failureLog.warn(error, reference.kind, { object: reference }, 'Cannot fetch an object; trying again');
    this.#lastError = error;
  }

  #retryLater(entry: Entry, leastMs = 0): void {
    if (this.#signal?.aborted === true) return;
    const options = { firstMs: RETRY_FIRST_MS, longestMs: RETRY_LONGEST_MS, random: this.#random };
    const waitMs = Math.max(leastMs, jitteredBackoffMs(entry.failures, options));
    entry.failures += 1;
    entry.cancelRetry?.();
    entry.cancelRetry = this.#clock.after(waitMs, () => {
      this.#queue.add(entry);
      this.#pump();
    });
  }

  #set(entry: Entry, content: KubernetesObject | undefined): void {
    if (entry.content === undefined && content === undefined) return;
    entry.content = content;
    this.#options.onChange(entry.reference);
  }
}

/** Whether the server may answer well for other objects: it is there, has time, and is not just starting or stopping. */
function isAboutObject({ code, status }: ApiError): boolean {
  return status === 500 || code === 'ERR_KUBERNETES_MALFORMED';
}

function newEntry(reference: ObjectReference): Entry {
  return {
    reference,
    content: undefined,
    isAnswered: false,
    isFetching: false,
    failures: 0,
    cancelRetry: undefined,
  };
}
