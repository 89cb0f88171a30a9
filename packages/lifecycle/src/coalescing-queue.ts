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
  drain(signal: AbortSignal): AsyncIterableIterator<readonly T[], undefined> {
    // No generator: one that waits for the next batch keeps the last one in memory, and the first may hold all there is.
    return {
      next: async () => {
        const value = await this.#nextBatch(signal);
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return: async () => ({ done: true, value: undefined }),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async #nextBatch(signal: AbortSignal): Promise<readonly T[] | undefined> {
    while (!signal.aborted && this.#waiting.size === 0 && this.#hasBegun) await this.#woken(signal);
    if (signal.aborted) return undefined;
    const batch = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#hasBegun = true;
    return batch;
  }

  async #woken(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    signal.removeEventListener('abort', wake);
    this.#wake = undefined;
  }
}
