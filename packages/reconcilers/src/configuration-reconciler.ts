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
  /** References of objects that came, changed or went, coalesced while the reader is busy. At first, all of them. */
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
      for await (const references of this.#withEmptyStart(source.changes(signal), signal)) {
        await this.#reconcile(references, signal);
        if (!isReady) ready();
        isReady = true;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** A source without objects has no changes to tell, yet its first pass must be written, too. */
  async *#withEmptyStart(
    changes: AsyncIterable<readonly ObjectReference[]>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly ObjectReference[]> {
    const iterator = changes[Symbol.asyncIterator]();
    try {
      let next = iterator.next();
      const immediately = setTimeout(0, undefined, { signal });
      const first = await Promise.race([next, immediately]);
      if (first === undefined) yield [];
      for (let result = await next; result.done !== true; result = await next) {
        yield result.value;
        next = iterator.next();
      }
    } finally {
      await iterator.return?.();
    }
  }

  async #reconcile(references: readonly ObjectReference[], signal: AbortSignal): Promise<void> {
    const { source, translator, onReconciled } = this.#options;
    const started = this.#now();
    const diff = translator.apply(references.map((reference) => ({ reference, object: source.find(reference) })));
    const translated = this.#now();
    const publication = await this.#publish(diff, signal);
    const written = this.#now();
    const reconciliation: Reconciliation = {
      ...publication,
      problemsAdded: [...diff.problemsAdded, ...publication.problemsAdded],
      problemsRemoved: [...diff.problemsRemoved, ...publication.problemsRemoved],
      objects: references.length,
      translateMs: translated - started,
      writeMs: written - translated,
    };
    onReconciled?.(reconciliation);
  }

  async #publish(diff: TranslationDiff, signal: AbortSignal): Promise<Publication> {
    let { upserts, deletes } = diff;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#publisher.publish(upserts, deletes);
      } catch (error) {
        const delayMs = retryDelayMs(attempt);
        this.#logger.error({ err: error, attempt, delayMs }, 'Cannot write the configuration; trying again');
        await setTimeout(delayMs, undefined, { signal });
        [upserts, deletes] = [[], []]; // the publisher remembers what it could not write
      }
    }
  }
}
