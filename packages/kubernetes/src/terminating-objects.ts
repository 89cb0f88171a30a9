import type { Clock } from '@koko/lifecycle';
import { referenceKey } from '@koko/translator';
import type { KubernetesObject, ObjectReference } from '@koko/translator';

/** Servers count in whole seconds; more often, nothing can pass. */
const LEAST_WAIT_MS = 1000;
/** Longer waits do not fit into a timer. */
const LONGEST_WAIT_MS = 60 * 60_000;

interface Entry {
  readonly reference: ObjectReference;
  readonly endsAt: number;
}

/** Objects under deletion that are to be gone at a time still to come, and one timer for all of them. */
export class TerminatingObjects {
  readonly #clock: Clock;
  readonly #onGone: (reference: ObjectReference) => void;
  readonly #entries = new Map<string, Entry>();
  #cancel: (() => void) | undefined;
  #wakesAt = Infinity;

  /** @param onGone Told when the time of an object has passed. */
  constructor(clock: Clock, onGone: (reference: ObjectReference) => void) {
    this.#clock = clock;
    this.#onGone = onGone;
  }

  /** Whether an object that is still there counts as gone: its time has passed, and only finalizers keep it. */
  isGone(object: KubernetesObject): boolean {
    return (endOf(object) ?? Infinity) <= this.#clock.now();
  }

  /** To be called whenever an object came, changed or went. */
  changed(reference: ObjectReference, object: KubernetesObject | undefined): void {
    const endsAt = endOf(object);
    const key = referenceKey(reference);
    if (endsAt === undefined || endsAt <= this.#clock.now()) this.#entries.delete(key);
    else this.#entries.set(key, { reference, endsAt });
    if (this.#entries.size === 0) this.stop();
    else if (endsAt !== undefined && endsAt < this.#wakesAt) this.#wakeAt(endsAt);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#wakesAt = Infinity;
  }

  #wakeAt(time: number): void {
    this.stop();
    const waitMs = Math.min(Math.max(time - this.#clock.now(), LEAST_WAIT_MS), LONGEST_WAIT_MS);
    this.#wakesAt = time;
    this.#cancel = this.#clock.after(waitMs, () => this.#wake());
  }

  #wake(): void {
    const now = this.#clock.now();
    let next = Infinity;
    for (const [key, { reference, endsAt }] of this.#entries) {
      if (endsAt > now) next = Math.min(next, endsAt);
      else if (this.#entries.delete(key)) this.#onGone(reference);
    }
    this.stop();
    if (next < Infinity) this.#wakeAt(next);
  }
}

/** When an object under deletion is to be gone, in milliseconds since 1970. */
function endOf(object: KubernetesObject | undefined): number | undefined {
  const deletionTimestamp = object?.metadata.deletionTimestamp;
  const time = typeof deletionTimestamp === 'string' ? Date.parse(deletionTimestamp) : NaN;
  return Number.isNaN(time) ? undefined : time;
}
