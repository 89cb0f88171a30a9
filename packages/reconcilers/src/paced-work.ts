import { jitteredBackoffMs, OccasionalLog } from '@koko/lifecycle';
import { FairQueue } from './fair-queue.ts';
import type { Lane } from './fair-queue.ts';
import { TokenBucket } from './token-bucket.ts';
import type { WorkSurroundings } from './work-surroundings.ts';

/** How a request ended: `conflict` and `refused` are tried again, the latter much later unless something changes. */
export type RequestEnd = 'done' | 'conflict' | 'refused';

/** Sends one request. What it throws counts as a failure of the server; a `retryAfterMs` of the error is respected. */
export type Send = (signal: AbortSignal) => Promise<RequestEnd>;

export interface PaceLimits {
  /** Requests per second on average, and at once after a pause. */
  readonly perSecond: number;
  readonly burst: number;
  /** Requests under way at a time. */
  readonly concurrency: number;
}

export interface PacedWorkOptions extends Required<WorkSurroundings> {
  /** Looks at what a key stands for now; `undefined` when nothing has to be sent, which costs nothing of the pace. */
  readonly prepare: (key: string) => Send | undefined;
  readonly limits: PaceLimits;
}

interface Run {
  readonly requests: AbortSignal;
  readonly fail: (error: unknown) => void;
}

interface Retry {
  failures: number;
  cancel: (() => void) | undefined;
}

const BACKOFFS = {
  conflict: { firstMs: 50, longestMs: 30_000 },
  refused: { firstMs: 1_000, longestMs: 300_000 },
  failed: { firstMs: 200, longestMs: 60_000 },
};
/** For all keys together, while the server answers none. */
const PAUSE = { firstMs: 100, longestMs: 10_000 };
const FAILURES_BEFORE_PAUSE = 3;
/** From then on not even a change brings an attempt forward. */
const MAX_HASTY_ATTEMPTS = 5;
/** Keys looked at in one go, so that thousands of them do not hold up everything else. */
const MAX_LOOKS = 200;
const REST_MS = 1_000;
const GRACE_MS = 1_000;

/** Requests for keys: coalesced, newest first, a limited number per second and at a time, each tried until it succeeds. */
export class PacedWork {
  readonly #options: PacedWorkOptions;
  readonly #queue = new FairQueue();
  readonly #bucket: TokenBucket;
  readonly #log: OccasionalLog;
  readonly #retries = new Map<string, Retry>();
  readonly #underWay = new Map<string, Promise<void>>();
  /** Keys added while a request for them was under way. */
  readonly #again = new Set<string>();
  #run: Run | undefined;
  #cancelWake: (() => void) | undefined;
  #failuresInARow = 0;
  readonly #counts = { failed: 0, conflicts: 0 };

  constructor(options: PacedWorkOptions) {
    this.#options = options;
    const { perSecond, burst } = options.limits;
    this.#bucket = new TokenBucket({ perSecond, burst, now: () => options.clock.now() });
    this.#log = new OccasionalLog(options.logger, options.clock);
  }

  /** Requests that failed or were refused, and those that met a newer object. */
  get counts(): { readonly failed: number; readonly conflicts: number } {
    return this.#counts;
  }

  /** Keys that wait to be looked at, for a request to end, or to be tried again. */
  get size(): number {
    const waiting = [...this.#retries.values()].filter(({ cancel }) => cancel !== undefined).length;
    return this.#queue.size + waiting + this.#underWay.size;
  }

  /** To be looked at as soon as its turn comes. */
  add(key: string, lane: Lane): void {
    if (this.#run === undefined) return;
    const retry = this.#retries.get(key);
    if (this.#underWay.has(key)) return void this.#again.add(key);
    if (retry?.cancel !== undefined && (lane === 'backlog' || retry.failures >= MAX_HASTY_ATTEMPTS)) return;
    retry?.cancel?.();
    if (retry !== undefined) retry.cancel = undefined;
    this.#queue.add(key, lane);
    this.#wakeAfter(0);
  }

  /** To be looked at after that time, whatever happens to it before. */
  addAfter(key: string, delayMs: number): void {
    if (this.#run === undefined) return;
    const retry = this.#retries.get(key) ?? { failures: 0, cancel: undefined };
    this.#retries.set(key, retry);
    retry.cancel?.();
    retry.cancel = this.#options.clock.after(delayMs, () => {
      retry.cancel = undefined;
      this.#queue.add(key, 'backlog');
      this.#wakeAfter(0);
    });
  }

  /** Not to be looked at any more. */
  delete(key: string): void {
    this.#queue.delete(key);
    this.#again.delete(key);
    this.#retries.get(key)?.cancel?.();
    this.#retries.delete(key);
  }

  /**
   * Works until `signal` aborts. Requests under way then get a second to end; none is sent once this has settled.
   * @throws What `prepare` throws.
   */
  async run(signal: AbortSignal): Promise<void> {
    const requests = new AbortController();
    const end = Promise.withResolvers<void>();
    const stop = (): void => end.resolve();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.#run = { requests: requests.signal, fail: end.reject };
    try {
      await end.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#clear();
      const cancelGrace = this.#options.clock.after(GRACE_MS, () => requests.abort());
      await Promise.all(this.#underWay.values());
      cancelGrace();
    }
  }

  #clear(): void {
    this.#run = undefined;
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#queue.clear();
    this.#again.clear();
    for (const retry of this.#retries.values()) retry.cancel?.();
    this.#retries.clear();
    this.#failuresInARow = 0;
  }

  /** While it pauses, nothing wakes it earlier. */
  #wakeAfter(delayMs: number): void {
    if (this.#run === undefined || this.#cancelWake !== undefined) return;
    this.#cancelWake = this.#options.clock.after(delayMs, () => {
      this.#cancelWake = undefined;
      this.#pump();
    });
  }

  #pump(): void {
    const { limits, mayWrite } = this.#options;
    for (let looks = 0; this.#run !== undefined && this.#underWay.size < limits.concurrency; looks += 1) {
      if (this.#queue.size === 0) return;
      if (!mayWrite()) return this.#wakeAfter(REST_MS); // whoever lost the lease is about to be stopped
      const waitMs = looks < MAX_LOOKS ? this.#bucket.waitMs() : 0;
      if (waitMs > 0 || looks === MAX_LOOKS) return this.#wakeAfter(waitMs);
      const key = this.#queue.next();
      if (key !== undefined) this.#look(key, this.#run);
    }
  }

  #look(key: string, run: Run): void {
    try {
      const send = this.#options.prepare(key);
      const isWaiting = this.#retries.get(key)?.cancel !== undefined;
      if (send === undefined && !isWaiting) this.#retries.delete(key);
      if (send === undefined) return;
      this.#bucket.take();
      this.#underWay.set(key, this.#send(key, send, run));
    } catch (error) {
      run.fail(error);
    }
  }

  async #send(key: string, send: Send, run: Run): Promise<void> {
    let end: RequestEnd | 'failed';
    let leastMs = 0;
    try {
      end = await send(run.requests);
    } catch (error) {
      end = 'failed';
      leastMs = retryAfterMs(error);
      if (!run.requests.aborted) this.#log.warn({ err: error }, 'The cluster cannot be written to; trying again');
    }
    this.#underWay.delete(key);
    if (run === this.#run) this.#settle(key, end, leastMs);
  }

  #settle(key: string, end: RequestEnd | 'failed', leastMs: number): void {
    if (end === 'done') this.#retries.delete(key);
    else this.#retryLater(key, end, leastMs);
    this.#failuresInARow = end === 'failed' ? this.#failuresInARow + 1 : 0;
    if (this.#again.delete(key)) this.add(key, 'fresh');
    const pauses = this.#failuresInARow - FAILURES_BEFORE_PAUSE;
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#wakeAfter(Math.max(leastMs, pauses < 0 ? 0 : this.#backoffMs(pauses, PAUSE)));
  }

  #retryLater(key: string, end: 'conflict' | 'refused' | 'failed', leastMs: number): void {
    this.#counts[end === 'conflict' ? 'conflicts' : 'failed'] += 1;
    const failures = this.#retries.get(key)?.failures ?? 0;
    this.addAfter(key, Math.max(leastMs, this.#backoffMs(failures, BACKOFFS[end])));
    const retry = this.#retries.get(key);
    if (retry !== undefined) retry.failures = failures + 1;
  }

  #backoffMs(failures: number, waits: { readonly firstMs: number; readonly longestMs: number }): number {
    return jitteredBackoffMs(failures, { ...waits, random: this.#options.random });
  }
}

function retryAfterMs(error: unknown): number {
  const { retryAfterMs: waitMs } = (error ?? {}) as { readonly retryAfterMs?: unknown }; // errors of any kind
  return typeof waitMs === 'number' && waitMs > 0 ? waitMs : 0;
}
