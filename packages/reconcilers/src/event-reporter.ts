import { OccasionalLog } from '@koko/lifecycle';
import type { Runnable } from '@koko/lifecycle';
import { referenceKey } from '@koko/translator';
import type { KubernetesObject, ObjectProblem, ObjectReference } from '@koko/translator';
import type { Reconciliation } from './configuration-reconciler.ts';
import { EventAllowance } from './event-allowance.ts';
import { messageForProblem, reasonForProblem } from './event-text.ts';
import type { EventWriter, ReportedObjects, SeenEvent } from './event-writer.ts';
import type { Lane } from './fair-queue.ts';
import { PacedWork } from './paced-work.ts';
import type { PaceLimits, RequestEnd, Send } from './paced-work.ts';
import { ProblemTable } from './problem-table.ts';
import { runWithAudits } from './run-with-audits.ts';
import { surroundingsOf } from './work-surroundings.ts';
import type { WorkSurroundings } from './work-surroundings.ts';

export interface EventReporterOptions extends WorkSurroundings {
  readonly objects: ReportedObjects;
  readonly writer: EventWriter;
  /** All problems that there are now. */
  readonly problems: () => Iterable<ObjectProblem>;
  /** The reason of a problem's Events. Default: by whether translation or Kong is what failed. */
  readonly reasonFor?: (problem: ObjectProblem) => string;
  readonly limits?: Partial<EventLimits>;
}

export interface EventLimits extends PaceLimits {
  /** How often the Event of a problem that stays is repeated; they live for an hour. */
  readonly repeatMs: number;
  /** How often is looked whether one is to be repeated. */
  readonly sweepMs: number;
  /** Between two comparisons with all problems that there are. */
  readonly auditMs: number;
  /** More Events than that are not kept up at a time. */
  readonly maxActive: number;
}

/** What has been done since the process started, and what is yet to do. */
export interface EventCounters {
  readonly written: number;
  /** Attempts that failed or were refused. */
  readonly failed: number;
  /** Events left out or put off: of an object that has too many, or when there are too many in all. */
  readonly dropped: number;
  /** Events that are kept up. */
  readonly active: number;
  readonly queued: number;
}

/** What a round of reconciling means for Events. */
export type EventChanges = Pick<Reconciliation, 'changed' | 'problemsAdded' | 'problemsRemoved'>;

interface ActiveEvent {
  readonly reference: ObjectReference;
  readonly reason: string;
  readonly message: string;
  /** Whether the problem has just come up, so that an Event of an earlier time is to be renewed. */
  isNews: boolean;
  /** The Event as last written or found, and of which object. */
  seen: { readonly uid: string; readonly event: SeenEvent } | undefined;
  dueAt: number;
}

const DEFAULT_LIMITS: EventLimits = {
  perSecond: 20,
  burst: 100,
  concurrency: 4,
  repeatMs: 1_800_000,
  sweepMs: 60_000,
  auditMs: 600_000,
  maxActive: 10_000,
};

/** Nobody reads more, and one object may be named by thousands. */
const MAX_OF_OBJECT = 50;

/**
 * Shows each problem as an Event on every object that it names: within moments of its coming, again from time to time while
 * it stays, no more once it is gone. To be run by the leader alone, as often as it becomes that.
 */
export class EventReporter implements Runnable {
  readonly name = 'event-reporter';
  readonly #options: EventReporterOptions;
  readonly #limits: EventLimits;
  readonly #surroundings: Required<WorkSurroundings>;
  readonly #log: OccasionalLog;
  readonly #work: PacedWork;
  readonly #allowance: EventAllowance;
  readonly #problems = new ProblemTable();
  /** By object, reason and message. */
  readonly #active = new Map<string, ActiveEvent>();
  /** Keys of the above by object. */
  readonly #ofObject = new Map<string, readonly string[]>();
  #isRunning = false;
  #auditedAt = 0;
  readonly #counts = { written: 0, dropped: 0 };

  constructor(options: EventReporterOptions) {
    const surroundings = surroundingsOf(options);
    const { clock, logger } = surroundings;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#surroundings = surroundings;
    this.#log = new OccasionalLog(logger, clock);
    this.#allowance = new EventAllowance(() => clock.now());
    this.#work = new PacedWork({ ...surroundings, prepare: (key) => this.#prepare(key), limits: this.#limits });
  }

  counters(): EventCounters {
    const { failed } = this.#work.counts;
    return { ...this.#counts, failed, active: this.#active.size, queued: this.#work.size };
  }

  /** Ready at once: Events never hold anything up. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    this.#isRunning = true;
    this.#auditedAt = -Infinity;
    try {
      await runWithAudits(signal, {
        work: (stop) => this.#work.run(stop),
        audit: () => this.#sweep(),
        periodMs: this.#limits.sweepMs,
        ...this.#surroundings,
        ready,
      });
    } finally {
      this.#isRunning = false;
      this.#active.clear();
      this.#ofObject.clear();
    }
  }

  /** Takes in a round; to be called after it is written. Does nothing unless this is running. */
  reconciled(changes: EventChanges): void {
    if (!this.#isRunning) return;
    for (const reference of this.#problems.apply(changes)) this.#refresh(reference, 'fresh');
    for (const reference of changes.changed) this.#recheck(reference);
  }

  /** What is due comes up again; now and then everything is compared with the problems that there are. */
  #sweep(): void {
    const now = this.#surroundings.clock.now();
    this.#allowance.prune();
    if (Math.abs(now - this.#auditedAt) >= this.#limits.auditMs) this.#audit();
    for (const [key, { dueAt }] of this.#active) if (dueAt <= now) this.#work.add(key, 'backlog');
  }

  /** What is found only by this may well have an Event of before. */
  #audit(): void {
    this.#auditedAt = this.#surroundings.clock.now();
    this.#problems.replace(this.#options.problems());
    const before = [...this.#active.values()].map(({ reference }) => reference);
    for (const reference of before)
      if (!this.#problems.has(referenceKey(reference))) this.#refresh(reference, 'backlog');
    for (const reference of this.#problems.objects()) this.#refresh(reference, 'backlog');
  }

  /** Brings the Events of an object to its problems. */
  #refresh(reference: ObjectReference, lane: Lane): void {
    const objectKey = referenceKey(reference);
    const problems = this.#problems.of(reference, MAX_OF_OBJECT);
    const wanted = new Map(problems.map((problem) => this.#eventFor(reference, problem)));
    for (const key of this.#ofObject.get(objectKey) ?? []) if (!wanted.has(key)) this.#forget(key);
    const kept: string[] = [];
    for (const [key, event] of wanted) {
      if (!this.#active.has(key) && !this.#activate(key, event, lane)) continue;
      kept.push(key);
    }
    if (kept.length === 0) this.#ofObject.delete(objectKey);
    else this.#ofObject.set(objectKey, kept);
  }

  #eventFor(reference: ObjectReference, problem: ObjectProblem): readonly [string, Text] {
    const reason = (this.#options.reasonFor ?? reasonForProblem)(problem);
    const message = messageForProblem(problem);
    return [`${referenceKey(reference)}\n${reason}\n${message}`, { reference, reason, message }];
  }

  #activate(key: string, text: Text, lane: Lane): boolean {
    if (this.#active.size >= this.#limits.maxActive) {
      this.#counts.dropped += 1;
      return false;
    }
    this.#active.set(key, { ...text, isNews: lane === 'fresh', seen: undefined, dueAt: -Infinity });
    this.#work.add(key, lane);
    return true;
  }

  #forget(key: string): void {
    this.#active.delete(key);
    this.#work.delete(key);
  }

  /** An object that came, or came again under its name, has no Event yet. */
  #recheck(reference: ObjectReference): void {
    for (const key of this.#ofObject.get(referenceKey(reference)) ?? []) {
      const { uid } = this.#options.objects.find(reference)?.metadata ?? {};
      if (uid !== undefined && this.#active.get(key)?.seen?.uid !== uid) this.#work.add(key, 'fresh');
    }
  }

  #prepare(key: string): Send | undefined {
    const event = this.#active.get(key);
    const object = event && this.#options.objects.find(event.reference);
    if (event === undefined || object?.metadata.uid === undefined) return undefined;
    const now = this.#surroundings.clock.now();
    const isSeen = event.seen?.uid === object.metadata.uid;
    if (isSeen && event.dueAt > now) return undefined;
    const waitMs = this.#allowance.waitMs(referenceKey(event.reference));
    if (waitMs === 0) return (signal) => this.#write(event, object, signal);
    if (event.dueAt <= now) this.#counts.dropped += 1;
    event.dueAt = now + waitMs;
    return undefined;
  }

  async #write(event: ActiveEvent, object: KubernetesObject, signal: AbortSignal): Promise<RequestEnd> {
    const { reference, reason, message, isNews, seen } = event;
    const { uid = '' } = object.metadata;
    const leastAgeMs = isNews ? 0 : this.#limits.repeatMs;
    const before = seen?.uid === uid ? { seen: seen.event } : {};
    const report = { object, reason, message, now: this.#surroundings.clock.now(), leastAgeMs, ...before };
    const outcome = await this.#options.writer.write(report, signal);
    if (outcome.result === 'conflict') return 'conflict';
    if (outcome.result === 'refused') {
      this.#log.warn({ object: reference, err: outcome.error }, 'The cluster refuses an Event; trying again later');
      return 'refused';
    }
    if (outcome.result === 'written') {
      this.#counts.written += 1;
      this.#allowance.take(referenceKey(reference)); // not for attempts: while the server is away they are many
    }
    event.isNews = false;
    event.seen = { uid, event: outcome.seen };
    event.dueAt = outcome.seen.lastAt + this.#limits.repeatMs;
    return 'done';
  }
}

type Text = Pick<ActiveEvent, 'reference' | 'reason' | 'message'>;
