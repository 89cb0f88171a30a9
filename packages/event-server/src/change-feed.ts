import type { AppliedChange, ClusterStore, TypedEntity } from '@koko/store';
import { Wakeup } from './wakeup.ts';

/** Either everything at a revision, or what led from the item before to `revision`. */
export type FeedItem =
  | { readonly kind: 'snapshot'; readonly revision: number; readonly entities: readonly TypedEntity[] }
  | { readonly kind: 'changes'; readonly revision: number; readonly changes: readonly AppliedChange[] };

/** The parts of a store that a feed needs; `Store` and what `Store.cluster` returns have them. */
export type FeedStore = Pick<ClusterStore, 'changesSince' | 'clusterName' | 'events' | 'revision' | 'snapshot'>;

/**
 * The ordered, gapless changes of one cluster. A subscriber holds nothing but the revision it has seen: however slow it is,
 * nothing piles up, and what it missed comes as one item.
 */
export class ChangeFeed {
  readonly #store: FeedStore;

  /** @param store The cluster to follow. */
  constructor(store: FeedStore) {
    this.#store = store;
  }

  /**
   * Yields every change after `since` exactly once and in order, coalesced while the reader is busy. Where these changes are
   * not known (`since` is absent, trimmed from the change log, or from the future) a snapshot takes their place.
   * Ends when `signal` aborts.
   * @throws {StoreError} What the store throws, e.g. once it is closed.
   */
  async *subscribe(since: number | undefined, signal: AbortSignal): AsyncGenerator<FeedItem, void, undefined> {
    const store = this.#store;
    const wakeup = new Wakeup();
    // Listening comes first: a commit between reading and waiting must not be slept through.
    const stopListening = store.events.on('committed', ({ cluster }) => {
      if (cluster === store.clusterName) wakeup.wake();
    });
    const stopAwaitingEnd = store.events.on('closed', () => wakeup.wake()); // and find that there is nothing to read
    try {
      for (let seen = since; !signal.aborted;) {
        if (seen === store.revision) {
          await wakeup.wait(signal);
          continue;
        }
        const item: FeedItem = await this.#itemAfter(seen);
        if (signal.aborted) return;
        seen = item.revision;
        yield item;
      }
    } finally {
      stopListening();
      stopAwaitingEnd();
    }
  }

  async #itemAfter(seen: number | undefined): Promise<FeedItem> {
    const store = this.#store;
    const since = seen === undefined ? 'trimmed' : await store.changesSince(seen);
    if (since !== 'trimmed') return { kind: 'changes', revision: since.revision, changes: since.changes };
    const { revision, entities } = await store.snapshot();
    return { kind: 'snapshot', revision, entities };
  }
}
