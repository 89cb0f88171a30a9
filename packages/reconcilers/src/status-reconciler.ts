import { OccasionalLog } from '@koko/lifecycle';
import type { Runnable } from '@koko/lifecycle';
import { referenceKey, translatedKinds } from '@koko/translator';
import type { KubernetesObject, ObjectProblem, ObjectReference, TranslatedKind } from '@koko/translator';
import type { Reconciliation } from './configuration-reconciler.ts';
import { PacedWork } from './paced-work.ts';
import type { PaceLimits, RequestEnd, Send } from './paced-work.ts';
import { ProblemTable } from './problem-table.ts';
import { runWithAudits } from './run-with-audits.ts';
import { StatusContention } from './status-contention.ts';
import { statusWishes } from './status-wish.ts';
import type { StatusColumn, StatusWish } from './status-wish.ts';
import type { AddressSource, StatusObjects, StatusWriter } from './status-writer.ts';
import { surroundingsOf } from './work-surroundings.ts';
import type { WorkSurroundings } from './work-surroundings.ts';

export interface StatusReconcilerOptions extends WorkSurroundings {
  readonly objects: StatusObjects;
  readonly writer: StatusWriter;
  /** Without, no addresses are published. */
  readonly addresses?: AddressSource;
  /** All objects that are ours now. */
  readonly accepted: () => Iterable<ObjectReference>;
  /** All problems that there are now. */
  readonly problems: () => Iterable<ObjectProblem>;
  /** Which kinds have which status. Default: `translatedKinds`. */
  readonly kinds?: readonly TranslatedKind[];
  readonly limits?: Partial<StatusLimits>;
}

export interface StatusLimits extends PaceLimits {
  /** Between two comparisons of everything; chance makes it up to a fifth shorter or longer. */
  readonly auditMs: number;
}

/** What has been done since the process started, and what is yet to do. */
export interface StatusCounters {
  readonly written: number;
  /** Attempts that failed or were refused. */
  readonly failed: number;
  /** Attempts that met a newer object than the one looked at. */
  readonly conflicts: number;
  /** Objects whose status somebody else keeps overwriting. */
  readonly contended: number;
  readonly queued: number;
}

/** What a round of reconciling means for status. */
export type StatusChanges = Pick<
  Reconciliation,
  'accepted' | 'disowned' | 'changed' | 'problemsAdded' | 'problemsRemoved'
>;

const DEFAULT_LIMITS: StatusLimits = { perSecond: 100, burst: 300, concurrency: 8, auditMs: 600_000 };

/**
 * Keeps the status of our objects as it should be, by comparing what is with what should be: after every round, whenever the
 * addresses change, and now and then for all. Writes only differences, a limited number per second, newest changes first.
 * To be run by the leader alone, as often as it becomes that.
 */
export class StatusReconciler implements Runnable {
  readonly name = 'status-reconciler';
  readonly #options: StatusReconcilerOptions;
  readonly #limits: StatusLimits;
  readonly #columns: ReadonlyMap<string, StatusColumn>;
  readonly #surroundings: Required<WorkSurroundings>;
  readonly #refusals: OccasionalLog;
  readonly #contentions: OccasionalLog;
  readonly #work: PacedWork;
  readonly #contention: StatusContention;
  readonly #problems = new ProblemTable();
  /** All objects that are ours. */
  readonly #accepted = new Map<string, ObjectReference>();
  /** Those that have ceased to be, until they have been looked at. */
  readonly #disowned = new Map<string, ObjectReference>();
  /** Objects as written, until the source shows them so: by the version that was seen before. */
  readonly #written = new Map<string, { readonly since: string; readonly object: KubernetesObject }>();
  #isRunning = false;
  #writes = 0;

  constructor(options: StatusReconcilerOptions) {
    const surroundings = surroundingsOf(options);
    const { clock, logger } = surroundings;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const kinds: readonly TranslatedKind[] = options.kinds ?? translatedKinds;
    this.#columns = new Map(kinds.flatMap(({ kind, status }) => (status === undefined ? [] : [[kind, status]])));
    this.#surroundings = surroundings;
    this.#refusals = new OccasionalLog(logger, clock);
    this.#contentions = new OccasionalLog(logger, clock);
    this.#contention = new StatusContention(() => clock.now());
    this.#work = new PacedWork({ ...surroundings, prepare: (key) => this.#prepare(key), limits: this.#limits });
  }

  counters(): StatusCounters {
    const { failed, conflicts } = this.#work.counts;
    return { written: this.#writes, failed, conflicts, contended: this.#contention.count, queued: this.#work.size };
  }

  /** Ready at once: status never holds anything up. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    this.#isRunning = true;
    const unsubscribe = this.#options.addresses?.onChange(() => this.#requestAll());
    try {
      await runWithAudits(signal, {
        work: (stop) => this.#work.run(stop),
        audit: () => this.#audit(),
        periodMs: this.#limits.auditMs,
        ...this.#surroundings,
        ready,
      });
    } finally {
      unsubscribe?.();
      this.#isRunning = false;
      this.#written.clear();
      this.#disowned.clear();
    }
  }

  /** Takes in a round; to be called after it is written. Does nothing unless this is running. */
  reconciled(changes: StatusChanges): void {
    if (!this.#isRunning) return;
    for (const reference of changes.disowned) this.#disown(reference);
    for (const reference of changes.accepted) this.#accept(reference);
    const touched = this.#problems.apply(changes);
    for (const reference of [...changes.disowned, ...changes.accepted, ...touched, ...changes.changed])
      if (this.#isKnown(reference)) this.#work.add(referenceKey(reference), 'fresh');
  }

  #accept(reference: ObjectReference): void {
    const key = referenceKey(reference);
    this.#disowned.delete(key);
    this.#accepted.set(key, reference);
  }

  #disown(reference: ObjectReference): void {
    const key = referenceKey(reference);
    this.#accepted.delete(key);
    this.#disowned.set(key, reference);
  }

  #isKnown(reference: ObjectReference): boolean {
    return this.#find(referenceKey(reference)) !== undefined || this.#problems.has(referenceKey(reference));
  }

  /** Looks at everything anew, which costs no request where all is right. */
  #audit(): void {
    this.#accepted.clear();
    for (const reference of this.#options.accepted()) this.#accepted.set(referenceKey(reference), reference);
    this.#problems.replace(this.#options.problems());
    this.#contention.prune();
    this.#requestAll();
  }

  #requestAll(): void {
    for (const key of this.#accepted.keys()) this.#work.add(key, 'backlog');
    for (const reference of this.#problems.objects())
      if (this.#columns.has(reference.kind)) this.#work.add(referenceKey(reference), 'backlog');
  }

  #find(key: string): ObjectReference | undefined {
    return this.#accepted.get(key) ?? this.#disowned.get(key);
  }

  #prepare(key: string): Send | undefined {
    const reference = this.#find(key) ?? this.#problems.find(key);
    const object = reference && this.#current(key, reference);
    const wish = object && this.#wish(key, object);
    if (reference === undefined || object === undefined || wish === undefined) {
      this.#disowned.delete(key);
      return undefined;
    }
    const { uid = '', resourceVersion = '' } = object.metadata;
    if (resourceVersion === '') return undefined; // of a source that no API server stands behind
    const waitMs = this.#contention.waitMs(key, uid, wish.value);
    if (waitMs === 0) return (signal) => this.#write({ key, reference, object, wish }, signal);
    this.#work.addAfter(key, waitMs);
    return undefined;
  }

  /** As last seen, or as written since. */
  #current(key: string, reference: ObjectReference): KubernetesObject | undefined {
    const seen = this.#options.objects.find(reference);
    const written = this.#written.get(key);
    const isOlder = seen !== undefined && seen.metadata.resourceVersion === written?.since;
    if (written !== undefined && isOlder) return written.object;
    this.#written.delete(key);
    return seen;
  }

  #wish(key: string, object: KubernetesObject): StatusWish | undefined {
    const column = this.#columns.get(object.kind);
    return (
      column &&
      statusWishes[column]({
        object,
        isAccepted: this.#accepted.has(key),
        hasProblem: this.#problems.has(key),
        addresses: this.#options.addresses?.current() ?? [],
        now: this.#surroundings.clock.now(),
      })
    );
  }

  async #write(write: StatusWrite, signal: AbortSignal): Promise<RequestEnd> {
    const { key, reference, object, wish } = write;
    const { uid = '', resourceVersion = '' } = object.metadata;
    const outcome = await this.#options.writer.write({ reference, uid, resourceVersion }, wish.status, signal);
    if (outcome.result === 'written') this.#remember(write, outcome.resourceVersion);
    if (outcome.result === 'conflict') this.#written.delete(key);
    if (outcome.result === 'refused')
      this.#refusals.warn(
        { object: reference, err: outcome.error },
        'The cluster refuses a status; trying again later',
      );
    return outcome.result === 'written' || outcome.result === 'gone' ? 'done' : outcome.result;
  }

  #remember({ key, reference, object, wish }: StatusWrite, resourceVersion: string): void {
    this.#writes += 1;
    const { uid = '' } = object.metadata;
    const seen = this.#options.objects.find(reference)?.metadata.resourceVersion;
    const isBehind = seen === object.metadata.resourceVersion || seen === this.#written.get(key)?.since;
    const status = { ...(object['status'] as object | undefined), ...wish.status }; // whatever it was, it is now this
    const written = { ...object, metadata: { ...object.metadata, resourceVersion }, status };
    if (seen !== undefined && isBehind && this.#isRunning) this.#written.set(key, { since: seen, object: written });
    if (!this.#contention.written(key, uid, wish.value)) return;
    const message = 'Somebody else keeps overwriting a status; do two controllers have the same class?';
    this.#contentions.warn({ object: reference }, message);
  }
}

interface StatusWrite {
  readonly key: string;
  readonly reference: ObjectReference;
  readonly object: KubernetesObject;
  readonly wish: StatusWish;
}
