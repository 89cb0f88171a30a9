import type { EntityType } from '@koko/model';

/** An entity as stored: valid, filled with defaults, references as `{ id }`. Treat as immutable. */
export interface FeedEntity {
  readonly type: EntityType;
  readonly entity: Readonly<Record<string, unknown>> & { readonly id: string };
}

/** One change of the configuration. */
export type FeedChange =
  ({ readonly op: 'upsert' } & FeedEntity) | { readonly op: 'delete'; readonly type: EntityType; readonly id: string };

/** Either everything at a revision, or what led from the item before to `revision`. */
export type FeedItem =
  | { readonly kind: 'snapshot'; readonly revision: number; readonly entities: readonly FeedEntity[] }
  | { readonly kind: 'changes'; readonly revision: number; readonly changes: readonly FeedChange[] };

/** Where a data-plane server gets its configuration; whether local or relayed is not its business. */
export interface ConfigurationFeed {
  /**
   * Yields every change after `since` exactly once and in order, coalesced while the reader is busy; starts with a
   * snapshot when `since` is absent or no longer covered. Ends when `signal` aborts.
   */
  subscribe(since: number | undefined, signal: AbortSignal): AsyncIterable<FeedItem>;
}
