export { Store } from './store.ts';
export type { ChangesSince, ClusterStore, Snapshot } from './cluster-store.ts';
export type { StoreOptions } from './store-options.ts';
export type { ChangeLogLimits } from './change-log.ts';
export type {
  AppliedChange,
  Commit,
  EntityChange,
  EntityName,
  Offender,
  StoredEntity,
  TypedEntity,
} from './entity-change.ts';
export type { EntityFilter, EntityPage } from './entity-list.ts';
export type { ListenerOptions, StoreEvents, StoreEventSource } from './store-events.ts';
export { StoreError } from './store-error.ts';
export type { StoreErrorCode } from './store-error.ts';
