import type { Clock } from './clock.ts';

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Promises that settle one after another may take so many turns. */
const TURNS = 40;

/** Time that passes only when told to, for tests of whatever takes a `Clock`. Timers fire in order, each at its own time. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;

  /** @param now Milliseconds since 1970. */
  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** @throws {RangeError} When the time is negative: Node.js would print a warning. */
  after(delayMs: number, callback: () => void): () => void {
    if (!(delayMs >= 0)) throw new RangeError(`Cannot wait for ${delayMs} ms`);
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Lets time pass without any timer firing, as for a process that is halted. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Lets time pass at once; what follows from timers by promises comes later. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.#fireNext(end));
    this.#now = end;
  }

  /**
   * Lets time pass; all that follows from one timer is done before the next.
   * @param check Called after each timer, and at the end.
   */
  async pass(ms: number, check: () => void = () => {}): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (this.#fireNext(end)) {
      await settle();
      check();
    }
    this.#now = end;
    check();
  }

  /** @returns Whether one was due by then. */
  #fireNext(end: number): boolean {
    const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (next === undefined || next.at > end) return false;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
    return true;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
}
