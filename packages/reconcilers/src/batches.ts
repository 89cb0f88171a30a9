/** Batches of a source, of which the next can be waited for beside other things without being lost. */
export class Batches<T> {
  readonly #iterator: AsyncIterator<readonly T[]>;
  #next: Promise<readonly T[] | undefined> | undefined;

  constructor(batches: AsyncIterable<readonly T[]>) {
    this.#iterator = batches[Symbol.asyncIterator]();
  }

  /** The next batch, the same until it is taken; `undefined` at the end. */
  async peek(): Promise<readonly T[] | undefined> {
    return (this.#next ??= this.#advance());
  }

  /** The one that `peek` has given is dealt with. */
  take(): void {
    this.#next = undefined;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  async #advance(): Promise<readonly T[] | undefined> {
    const result = await this.#iterator.next();
    return result.done === true ? undefined : result.value;
  }
}
