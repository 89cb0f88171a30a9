import type { Clock } from '@koko/lifecycle';

/** A signal that aborts with another one, or when time runs out that is not extended. Release it in any case. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #stop = (): void => this.#controller.abort(this.#outer.reason);
  #cancel: (() => void) | undefined;
  #isOver = false;

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    if (outer.aborted) this.#stop();
    else outer.addEventListener('abort', this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether time ran out, rather than that the outer signal aborted. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on there is so much time, whatever was left before. */
  extend(delayMs: number): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(delayMs, () => {
      this.#isOver = true;
      this.#controller.abort();
    });
  }

  release(): void {
    this.#cancel?.();
    this.#outer.removeEventListener('abort', this.#stop);
  }
}
