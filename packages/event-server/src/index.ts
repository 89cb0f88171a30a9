export { ChangeFeed } from './change-feed.ts';
export type { FeedItem, FeedStore } from './change-feed.ts';
