/** Items waiting to be looked at, each once however often it was added. One reader at a time. */
export class CoalescingQueue<T> {
  readonly #keyOf: (item: T) => string;
  readonly #waiting = new Map<string, T>();
  #wake: (() => void) | undefined;
  #hasBegun = false;

  /** @param keyOf Equal for items that are the same thing; the newest of them stays. */
  constructor(keyOf: (item: T) => string) {
    this.#keyOf = keyOf;
  }

  add(item: T): void {
    this.#waiting.set(this.#keyOf(item), item);
    this.#wake?.();
  }

  /** Yields everything waiting as one batch, the first time even if nothing does; ends when `signal` aborts. */
  async *drain(signal: AbortSignal): AsyncGenerator<readonly T[]> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        if (this.#waiting.size === 0 && this.#hasBegun) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          continue;
        }
        const batch = [...this.#waiting.values()];
        this.#waiting.clear();
        this.#hasBegun = true;
        yield batch;
      }
    } finally {
      this.#wake = undefined;
      signal.removeEventListener('abort', wake);
    }
  }
}
