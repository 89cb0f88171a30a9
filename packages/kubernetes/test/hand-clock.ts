import type { Clock } from '@koko/lifecycle';

/** A clock that a test turns by hand. */
export class HandClock implements Clock {
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(byMs: number): void {
    this.#now += byMs;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of due) if (this.#timers.delete(timer)) timer.callback();
  }
}
