import { setTimeout } from 'node:timers/promises';
import { silentLogger, untilAborted } from '@koko/lifecycle';
import type { Logger, Runnable } from '@koko/lifecycle';
import { referenceKey } from '@koko/translator';
import type { ObjectProblem, ObjectReference, TranslationDiff } from '@koko/translator';
import { Batches } from './batches.ts';
import { EntityPublisher } from './entity-publisher.ts';
import type { Publication } from './entity-publisher.ts';
import type { EntityWriter } from './entity-writer.ts';
import { NetChanges } from './net-changes.ts';
import type { ObjectSource } from './object-source.ts';
import { retryDelayMs } from './retry-backoff.ts';
import { TranslationRound } from './translation-round.ts';
import type { EntityTranslator } from './translation-round.ts';

export type { Demanded, ObjectSource } from './object-source.ts';
export type { EntityTranslator } from './translation-round.ts';

/** What one round of reconciling did, for logs, metrics and status. */
export interface Reconciliation extends Publication {
  readonly objects: number;
  readonly translateMs: number;
  readonly writeMs: number;
  /** Objects with a status that have come to be ours, and those that have ceased to be. */
  readonly accepted: readonly ObjectReference[];
  readonly disowned: readonly ObjectReference[];
  /** Objects that were looked at, as they came, changed, went, or were referred to. */
  readonly changed: readonly ObjectReference[];
}

export interface ConfigurationReconcilerOptions {
  readonly source: ObjectSource;
  readonly translator: EntityTranslator;
  readonly writer: EntityWriter;
  readonly logger?: Logger;
  /** Told of every round, after its transaction. */
  readonly onReconciled?: (reconciliation: Reconciliation) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** How long a round waits for what the source must still get, the first one apart. Default: 1,000. */
  readonly longestWaitMs?: number;
}

const LONGEST_WAIT_MS = 1_000;

interface RoundPace {
  readonly batches: Batches<ObjectReference>;
  /** How long a round may wait for what it refers to. */
  readonly waitMs: number;
}

interface Round {
  readonly translation: TranslationRound;
  translateMs: number;
}

/**
 * Keeps the written entities equal to the translation of the source's objects.
 * Ready once the first complete pass is written: whoever serves configuration depends on it, so that no data plane ever
 * sees a half-read source. That pass is written when everything has come that it refers to. Later rounds wait for such
 * objects as well, so that nothing is said to be missing that is merely on its way, but not for long; changes that come
 * meanwhile go out with them.
 */
export class ConfigurationReconciler implements Runnable {
  readonly name = 'configuration-reconciler';
  readonly #options: ConfigurationReconcilerOptions;
  readonly #publisher: EntityPublisher;
  readonly #logger: Logger;
  readonly #now: () => number;
  /** Attempts to write that have failed since one succeeded. */
  #failures = 0;
  // What was translated since the last round that could be written.
  readonly #problems = new NetChanges<ObjectProblem>((problem) => JSON.stringify(problem));
  readonly #ours = new NetChanges<ObjectReference>(referenceKey);
  readonly #looked = new Map<string, ObjectReference>();

  constructor(options: ConfigurationReconcilerOptions) {
    this.#options = options;
    this.#publisher = new EntityPublisher(options.writer);
    this.#logger = options.logger ?? silentLogger;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Entities held back because Kong would refuse them. */
  problems(): readonly ObjectProblem[] {
    return this.#publisher.problems();
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { source } = this.#options;
    try {
      await source.synced(signal);
      const batches = new Batches(source.changes(signal));
      try {
        await this.#follow(batches, ready, signal);
      } finally {
        await batches.close();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #follow(batches: Batches<ObjectReference>, ready: () => void, signal: AbortSignal): Promise<void> {
    const { longestWaitMs = LONGEST_WAIT_MS } = this.#options;
    let isReady = false;
    for (;;) {
      const end = await this.#round({ batches, waitMs: isReady ? longestWaitMs : Infinity }, signal);
      if (end === 'no more') return;
      if (end === 'written' && !isReady) ready();
      isReady ||= end === 'written';
    }
  }

  /** A function of its own, as a loop that waits for the next batch would keep all of the last round in memory. */
  async #round(pace: RoundPace, signal: AbortSignal): Promise<'no more' | 'written' | 'to be tried again'> {
    const references = await this.#next(pace.batches, signal);
    if (references === undefined) return 'no more';
    const round = this.#beginRound(references);
    await this.#complete(round, pace, signal);
    signal.throwIfAborted(); // what is not complete must not be written
    return (await this.#write(round)) ? 'written' : 'to be tried again';
  }

  /**
   * The next batch of the source, or an empty one when what could not be written is to be tried again. Changes do not wait
   * for that: one of them may be what makes the next attempt succeed, as when a database is full.
   */
  async #next(batches: Batches<ObjectReference>, signal: AbortSignal): Promise<readonly ObjectReference[] | undefined> {
    const next = this.#failures === 0 ? await batches.peek() : await this.#nextOrRetry(batches.peek(), signal);
    if (next === 'retry') return [];
    batches.take();
    return next;
  }

  async #nextOrRetry<T>(next: Promise<T>, signal: AbortSignal): Promise<T | 'retry'> {
    const over = new AbortController();
    const delay = setTimeout(retryDelayMs(this.#failures - 1), 'retry' as const, {
      signal: AbortSignal.any([signal, over.signal]),
    });
    try {
      return await Promise.race([next, delay]);
    } finally {
      delay.catch(() => {}); // it is over on purpose
      over.abort();
    }
  }

  #beginRound(references: readonly ObjectReference[]): Round {
    const started = this.#now();
    const round = new TranslationRound({ ...this.#options, onStep: (diff) => this.#noteStep(diff) });
    round.take(references);
    return { translation: round, translateMs: this.#now() - started };
  }

  #noteStep({ problemsAdded, problemsRemoved, accepted, disowned }: TranslationDiff): void {
    this.#problems.note(problemsAdded, problemsRemoved);
    this.#ours.note(accepted, disowned);
  }

  /** Takes in what the round refers to and the source is still getting, and whatever changes meanwhile. */
  async #complete(round: Round, { batches, waitMs }: RoundPace, signal: AbortSignal): Promise<void> {
    const { translation } = round;
    if (translation.awaited.length === 0) return;
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    const late = waitMs === Infinity ? untilAborted(stop) : setTimeout(waitMs, undefined, { signal: stop });
    late.catch(() => {}); // it is over on purpose
    try {
      while (translation.awaited.length > 0) {
        const settled = this.#settled(translation.awaited, stop);
        const event = await Promise.race([settled, batches.peek(), late]);
        if (event === undefined) return; // late, or there are no more batches
        const started = this.#now();
        if (event === 'settled') translation.takeAwaited();
        else translation.take(this.#taken(batches, event));
        round.translateMs += this.#now() - started;
      }
    } finally {
      over.abort();
    }
  }

  #taken(batches: Batches<ObjectReference>, batch: readonly ObjectReference[]): readonly ObjectReference[] {
    batches.take();
    return batch;
  }

  async #settled(references: readonly ObjectReference[], signal: AbortSignal): Promise<'settled'> {
    await this.#options.source.settled(references, signal);
    return 'settled';
  }

  /** @returns Whether everything known so far is written. */
  async #write({ translation, translateMs }: Round): Promise<boolean> {
    const started = this.#now();
    for (const reference of translation.looked) this.#looked.set(referenceKey(reference), reference);
    const publication = await this.#publish(translation);
    if (publication === undefined) return false;
    const changed = [...this.#looked.values()];
    this.#report({
      ...publication,
      problemsAdded: [...this.#problems.added, ...publication.problemsAdded],
      problemsRemoved: [...this.#problems.removed, ...publication.problemsRemoved],
      accepted: this.#ours.added,
      disowned: this.#ours.removed,
      changed,
      objects: changed.length,
      translateMs,
      writeMs: this.#now() - started,
    });
    for (const noted of [this.#problems, this.#ours, this.#looked]) noted.clear();
    return true;
  }

  async #publish({ upserts, deletes }: TranslationRound): Promise<Publication | undefined> {
    try {
      const publication = await this.#publisher.publish(upserts, deletes);
      this.#failures = 0;
      return publication;
    } catch (error) {
      const delayMs = retryDelayMs(this.#failures);
      this.#failures += 1; // the publisher remembers what it could not write
      const fields = { err: error, attempt: this.#failures, delayMs };
      this.#logger.error(fields, 'Cannot write the configuration; trying again');
      return undefined;
    }
  }

  #report(reconciliation: Reconciliation): void {
    try {
      this.#options.onReconciled?.(reconciliation);
    } catch (error) {
      this.#logger.error({ err: error }, 'A listener to rounds of reconciling threw');
    }
  }
}
