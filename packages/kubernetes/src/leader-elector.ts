import { silentLogger, systemClock } from '@koko/lifecycle';
import type { Clock, Logger, Runnable } from '@koko/lifecycle';
import { ApiError } from './api-error.ts';
import { Deadline } from './deadline.ts';
import { delay } from './delay.ts';
import { FailureLog } from './failure-log.ts';
import { isSameRecord } from './lease.ts';
import type { LeaseRecord, LeaseStore, ObservedLease } from './lease.ts';

export interface LeaderElectorOptions {
  readonly lease: LeaseStore;
  /** Different for every process that ever runs, such as the Pod's name and a random part. */
  readonly identity: string;
  /** Told on becoming the leader; not waited for. `Lifecycle.gainLeadership` fits. */
  readonly onGained: () => void | Promise<void>;
  /** Told on ceasing to be it; must settle only once nothing acts as the leader. `Lifecycle.loseLeadership` fits. */
  readonly onLost: () => void | Promise<void>;
  /** How long others wait after a renewal before they take over. Default: 15,000. */
  readonly leaseDurationMs?: number;
  /** How long after its last renewal a leader goes on, less than the above. Default: 10,000. */
  readonly renewDeadlineMs?: number;
  /** Between two attempts. Default: 2,000. */
  readonly retryPeriodMs?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonicNow?: () => number;
  /** At least 0, less than 1. Default: `Math.random`. */
  readonly random?: () => number;
}

const RELEASE_TIMEOUT_MS = 2_000;
const LATE = 'Cannot read or write the lease: the API server did not answer in time';

/**
 * Elects one leader among processes by a Lease, as client-go does: whoever renews it leads, and others take over only when
 * they have seen no renewal for its whole duration by their own clocks. Not a lock: a leader that stops later than the time
 * between `renewDeadlineMs` and `leaseDurationMs` may overlap with the next.
 */
export class LeaderElector implements Runnable {
  readonly name = 'leader-elector';
  readonly #options: LeaderElectorOptions;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  readonly #clock: Clock;
  readonly #monotonicNow: () => number;
  readonly #random: () => number;
  readonly #logger: Logger;
  #isLeading = false;
  /** When the last successful renewal was sent. */
  #renewedAt = 0;
  #observed: ObservedLease | undefined;
  /** When what the Lease says was first seen. */
  #observedAt = 0;
  /** What this process last tried to write, whether or not it heard of success. */
  #written: LeaseRecord | undefined;
  /** Whether nobody knows if the last write arrived. */
  #isUnheard = false;
  readonly #failures: FailureLog;

  /** @throws {ApiError} `ERR_KUBERNETES_ELECTION` when the durations do not fit together. */
  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
    this.#clock = options.clock ?? systemClock;
    this.#monotonicNow = options.monotonicNow ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#logger = options.logger ?? silentLogger;
    this.#failures = new FailureLog(this.#logger, this.#clock);
    this.#checkOptions();
  }

  /** Whether this process may act as the leader right now; to be asked before each write. */
  get isLeading(): boolean {
    return this.#isLeading && this.#monotonicNow() < this.#renewedAt + this.#renewDeadlineMs;
  }

  /** Who holds the Lease as far as known; empty when nobody does. */
  get leader(): string {
    return this.#observed?.record.holder ?? '';
  }

  /** Takes part in elections until `signal` aborts; then stops leading first and gives the Lease back. Ready at once. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    ready();
    while (!signal.aborted) {
      if (await this.#acquire(signal)) await this.#lead(signal);
    }
    await this.#release();
  }

  /** Returns true on holding the Lease, false when stopped before. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    try {
      for (;;) {
        if (await this.#attempt(signal, (attempt) => this.#tryAcquire(attempt))) return true;
        await delay(this.#clock, this.#untilNextAttemptMs(), signal);
      }
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { identity, onGained, onLost } = this.#options;
    this.#isLeading = true;
    this.#logger.info({ identity }, 'Became the leader');
    void Promise.resolve()
      .then(onGained)
      .catch((error: unknown) => this.#logger.error({ err: error }, 'Cannot start to act as the leader'));
    const reason = await this.#renewWhilePossible(signal);
    this.#isLeading = false;
    this.#logger.info({ identity, reason }, 'Is not the leader any more');
    const leftMs = Math.max(0, this.#renewedAt + this.#leaseDurationMs - this.#monotonicNow()); // less after being halted
    const cancelWarning = this.#clock.after(leftMs, () => {
      this.#logger.error({ identity }, 'Still stops acting as the leader although the lease has ended');
    });
    try {
      await onLost();
    } finally {
      cancelWarning();
    }
  }

  /** Settles as soon as this process may not lead any longer, and says why. */
  async #renewWhilePossible(signal: AbortSignal): Promise<string> {
    const deadline = new Deadline(this.#clock, signal);
    try {
      for (;;) {
        deadline.extend(Math.max(0, this.#renewedAt + this.#renewDeadlineMs - this.#monotonicNow()));
        await delay(this.#clock, this.#retryPeriodMs, deadline.signal);
        // A process that was halted finds itself here with its time long over.
        if (!this.isLeading) return 'not renewed in time';
        await this.#attempt(deadline.signal, (attempt) => this.#tryRenew(attempt));
        if (this.#isTaken()) return 'another process took the lease';
      }
    } catch (error) {
      if (signal.aborted) return 'stopping';
      if (deadline.isOver) return 'not renewed in time';
      throw error;
    } finally {
      deadline.release();
    }
  }

  /** One attempt, given up when it takes too long. Failures are logged and count as no success. */
  async #attempt(signal: AbortSignal, attempt: (signal: AbortSignal) => Promise<boolean>): Promise<boolean> {
    const deadline = new Deadline(this.#clock, signal);
    deadline.extend(this.#renewDeadlineMs / 2);
    try {
      return await attempt(deadline.signal);
    } catch (error) {
      if (signal.aborted) throw error;
      if (!(error instanceof ApiError) && !deadline.isOver) throw error;
      this.#failures.warn(
        error instanceof ApiError ? error : new ApiError('ERR_KUBERNETES_TIMEOUT', LATE),
        'Lease',
        {},
        'Cannot read or write the lease; trying again',
      );
      return false;
    } finally {
      deadline.release();
    }
  }

  async #tryAcquire(signal: AbortSignal): Promise<boolean> {
    this.#observe(await this.#options.lease.read(signal));
    const record = this.#observed?.record;
    if (record !== undefined && !this.#isOwn(record) && this.#heldForMs(record) > 0) return false;
    const now = this.#microTime();
    return this.#write(
      {
        holder: this.#options.identity,
        durationSeconds: Math.max(1, Math.ceil(this.#leaseDurationMs / 1000)),
        acquireTime: now,
        renewTime: now,
        transitions: record === undefined ? 0 : record.transitions + 1,
      },
      signal,
    );
  }

  async #tryRenew(signal: AbortSignal): Promise<boolean> {
    if (this.#written === undefined) return false; // not so while leading
    const record = { ...this.#written, renewTime: this.#microTime() };
    if (this.#observed !== undefined && (await this.#write(record, signal))) return true;
    // An earlier write may have arrived although nothing was heard of it, or somebody deleted the Lease.
    this.#observe(await this.#options.lease.read(signal));
    if (this.#observed === undefined || this.#isOwn(this.#observed.record)) return this.#write(record, signal);
    return false;
  }

  /** Writes the Lease unless it has changed since it was observed. */
  async #write(record: LeaseRecord, signal: AbortSignal): Promise<boolean> {
    const { lease } = this.#options;
    const sentAt = this.#monotonicNow(); // nobody can have seen the renewal earlier
    this.#written = record;
    this.#isUnheard = true;
    const version = this.#observed?.resourceVersion;
    try {
      const written = await (version === undefined
        ? lease.create(record, signal)
        : lease.update(record, version, signal));
      this.#observe(written);
      this.#isUnheard = false;
      this.#renewedAt = sentAt;
      return true;
    } catch (error) {
      const isGone = error instanceof ApiError && error.code === 'ERR_KUBERNETES_NOT_FOUND';
      const isConflict = error instanceof ApiError && error.code === 'ERR_KUBERNETES_CONFLICT';
      // Where there is nothing to create a Lease in, namely no such namespace, somebody has to be told.
      if (!isConflict && !(isGone && version !== undefined)) throw error;
      this.#isUnheard = false;
      return false;
    }
  }

  #observe(observed: ObservedLease | undefined): void {
    const isNews = observed === undefined || !isSameRecord(observed.record, this.#observed?.record);
    if (isNews) this.#observedAt = this.#monotonicNow();
    this.#observed = observed;
  }

  /** How long the holder may still count on the Lease, by this process's own clock. */
  #heldForMs({ holder, durationSeconds }: LeaseRecord): number {
    if (holder === '') return 0;
    const durationMs = durationSeconds > 0 ? durationSeconds * 1000 : this.#leaseDurationMs;
    return this.#observedAt + durationMs - this.#monotonicNow();
  }

  /** Written by this very process, not by another one of the same name. */
  #isOwn({ holder, acquireTime }: LeaseRecord): boolean {
    return holder === this.#options.identity && acquireTime === this.#written?.acquireTime;
  }

  #isTaken(): boolean {
    return this.#observed !== undefined && !this.#isOwn(this.#observed.record);
  }

  /** Sooner than the usual period when the Lease ends before that. */
  #untilNextAttemptMs(): number {
    const periodMs = this.#retryPeriodMs * (0.75 + this.#random() / 4);
    const record = this.#observed?.record;
    const heldForMs = record === undefined ? 0 : this.#heldForMs(record);
    return heldForMs > 0 ? Math.min(periodMs, heldForMs) : periodMs;
  }

  /** Nobody has to wait for the end of the Lease of a process that stopped in order. */
  async #release(): Promise<void> {
    const deadline = new Deadline(this.#clock, new AbortController().signal);
    deadline.extend(RELEASE_TIMEOUT_MS);
    try {
      // Stopped while a write was under way, which may have arrived all the same.
      if (this.#isUnheard) this.#observe(await this.#options.lease.read(deadline.signal));
      const record = this.#observed?.record;
      if (record === undefined || !this.#isOwn(record)) return;
      const now = this.#microTime();
      const released = { ...record, holder: '', durationSeconds: 1, acquireTime: now, renewTime: now };
      await this.#write(released, deadline.signal);
    } catch (error) {
      this.#logger.warn({ err: error }, 'Cannot give the lease back; it ends by itself');
    } finally {
      deadline.release();
    }
  }

  #microTime(): string {
    return new Date(this.#clock.now()).toISOString().replace('Z', '000Z');
  }

  #checkOptions(): void {
    const isOrdered = this.#leaseDurationMs > this.#renewDeadlineMs && this.#renewDeadlineMs > this.#retryPeriodMs;
    if (isOrdered && this.#retryPeriodMs > 0 && this.#options.identity !== '') return;
    const rule = 'identity must not be empty, and leaseDurationMs > renewDeadlineMs > retryPeriodMs > 0';
    throw new ApiError('ERR_KUBERNETES_ELECTION', `Cannot elect a leader: ${rule}`);
  }
}
