import { setTimeout } from 'node:timers/promises';
import { silentLogger } from '@koko/lifecycle';
import type { Logger, Runnable } from '@koko/lifecycle';
import type { KubernetesObject, ObjectChange, ObjectProblem, ObjectReference, TranslationDiff } from '@koko/translator';
import { EntityPublisher } from './entity-publisher.ts';
import type { Publication } from './entity-publisher.ts';
import type { EntityWriter } from './entity-writer.ts';
import { retryDelayMs } from './retry-backoff.ts';

/** Where objects come from: a cluster, or a directory of manifests. */
export interface ObjectSource {
  /** Settles once the source has seen everything there is. */
  synced(signal: AbortSignal): Promise<void>;
  /**
   * References of objects that came, changed or went, coalesced while the reader is busy. The first batch names all there
   * are, and comes even when there are none: until then nothing is written.
   */
  changes(signal: AbortSignal): AsyncIterable<readonly ObjectReference[]>;
  /** The object as it is now. */
  find(reference: ObjectReference): KubernetesObject | undefined;
}

/** The part of a translator that reconciling needs. */
export interface EntityTranslator {
  apply(changes: Iterable<ObjectChange>): TranslationDiff;
}

/** What one round of reconciling did, for logs, metrics and status. */
export interface Reconciliation extends Publication {
  readonly objects: number;
  readonly translateMs: number;
  readonly writeMs: number;
  /** Objects with a status that have come to be ours, and those that have ceased to be. */
  readonly accepted: readonly ObjectReference[];
  readonly disowned: readonly ObjectReference[];
  /** Objects that came, changed or went, in whatever way. */
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
}

/**
 * Keeps the written entities equal to the translation of the source's objects.
 * Ready once the first complete pass is written: whoever serves configuration depends on it, so that no data plane ever
 * sees a half-read source.
 */
export class ConfigurationReconciler implements Runnable {
  readonly name = 'configuration-reconciler';
  readonly #options: ConfigurationReconcilerOptions;
  readonly #publisher: EntityPublisher;
  readonly #logger: Logger;
  readonly #now: () => number;
  /** Attempts to write that have failed since one succeeded. */
  #failures = 0;
  /** What was translated in rounds that could not be written. */
  readonly #unreported: (TranslationDiff & Pick<Reconciliation, 'changed'>)[] = [];

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
    let isReady = false;
    try {
      await source.synced(signal);
      for await (const references of this.#rounds(source.changes(signal), signal)) {
        if (!(await this.#reconcile(references))) continue;
        if (!isReady) ready();
        isReady = true;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /**
   * The batches of the source, and an empty one whenever what could not be written is to be tried again. Changes do not wait
   * for that: one of them may be what makes the next attempt succeed, as when a database is full.
   */
  async *#rounds(
    changes: AsyncIterable<readonly ObjectReference[]>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ObjectReference[]> {
    const iterator = changes[Symbol.asyncIterator]();
    try {
      for (let next = iterator.next(); ;) {
        const result = this.#failures === 0 ? await next : await this.#nextOrRetry(next, signal);
        if (result === 'retry') {
          yield [];
          continue;
        }
        if (result.done === true) return;
        yield result.value;
        next = iterator.next();
      }
    } finally {
      await iterator.return?.();
    }
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

  /** @returns Whether everything known so far is written. */
  async #reconcile(references: readonly ObjectReference[]): Promise<boolean> {
    const { source, translator } = this.#options;
    const started = this.#now();
    const diff = translator.apply(references.map((reference) => ({ reference, object: source.find(reference) })));
    const translated = this.#now();
    const publication = await this.#publish(diff);
    this.#unreported.push({ ...diff, changed: references });
    if (publication === undefined) return false;
    const diffs = this.#unreported.splice(0);
    this.#report({
      ...publication,
      problemsAdded: [...diffs.flatMap(({ problemsAdded }) => problemsAdded), ...publication.problemsAdded],
      problemsRemoved: [...diffs.flatMap(({ problemsRemoved }) => problemsRemoved), ...publication.problemsRemoved],
      accepted: diffs.flatMap(({ accepted }) => accepted),
      disowned: diffs.flatMap(({ disowned }) => disowned),
      changed: diffs.flatMap(({ changed }) => changed),
      objects: references.length,
      translateMs: translated - started,
      writeMs: this.#now() - translated,
    });
    return true;
  }

  async #publish({ upserts, deletes }: TranslationDiff): Promise<Publication | undefined> {
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
