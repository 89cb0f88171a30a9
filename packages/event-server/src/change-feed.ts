import type { AppliedChange, ClusterStore, TypedEntity } from '@koko/store';
import { Subscription } from './subscription.ts';

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
  subscribe(since: number | undefined, signal: AbortSignal): AsyncIterableIterator<FeedItem, undefined> {
    return new Subscription(this.#store, since, signal);
  }
}
