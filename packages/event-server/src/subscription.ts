import type { FeedItem, FeedStore } from './change-feed.ts';
import { Wakeup } from './wakeup.ts';

const END = { done: true, value: undefined } as const;

/**
 * One subscriber's way through the changes of a store. No generator, because one that waits for a change holds on to what it
 * gave last: the snapshot of the start, as large as the configuration, for as long as nothing happens.
 */
export class Subscription implements AsyncIterableIterator<FeedItem, undefined> {
  readonly #store: FeedStore;
  readonly #signal: AbortSignal;
  readonly #wakeup = new Wakeup();
  #seen: number | undefined;
  #listeners: (() => void)[] = [];
  #phase: 'new' | 'open' | 'over' = 'new';

  constructor(store: FeedStore, since: number | undefined, signal: AbortSignal) {
    this.#store = store;
    this.#seen = since;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** To be called again only once it has settled. */
  async next(): Promise<IteratorResult<FeedItem, undefined>> {
    if (this.#phase === 'over') return END;
    this.#listen();
    try {
      while (!this.#signal.aborted && this.#seen === this.#store.revision) await this.#wakeup.wait(this.#signal);
      const item = this.#signal.aborted ? undefined : await this.#read();
      if (item === undefined || this.#signal.aborted) return await this.return();
      this.#seen = item.revision;
      return { done: false, value: item };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  /** Lets go of the store. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#phase = 'over';
    for (const end of this.#listeners.splice(0)) end();
    return END;
  }

  /** Before the first look: a commit between looking and waiting must not be slept through. */
  #listen(): void {
    if (this.#phase === 'open') return;
    this.#phase = 'open';
    const { events, clusterName } = this.#store;
    this.#listeners = [
      events.on('committed', ({ cluster }) => {
        if (cluster === clusterName) this.#wakeup.wake();
      }),
      events.on('closed', () => this.#wakeup.wake()), // and find that there is nothing to read
    ];
  }

  async #read(): Promise<FeedItem> {
    const since = this.#seen === undefined ? 'trimmed' : await this.#store.changesSince(this.#seen);
    if (since !== 'trimmed') return { kind: 'changes', revision: since.revision, changes: since.changes };
    const { revision, entities } = await this.#store.snapshot();
    return { kind: 'snapshot', revision, entities };
  }
}
