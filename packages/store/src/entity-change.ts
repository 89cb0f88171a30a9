import type { EntityInput, EntityType, Problem } from '@koko/model';

/** Applies only while the entity is as the caller knows it. */
interface Condition {
  /** The revision at which the entity was last changed (`revisionOf`); 0: only if it does not exist. */
  readonly ifRevision?: number;
}

/** A wish for one entity: what it shall be, as a whole, or that it shall not be. */
export type EntityChange =
  | ({ readonly op: 'upsert'; readonly type: EntityType; readonly entity: EntityInput } & Condition)
  | ({ readonly op: 'delete'; readonly type: EntityType; readonly id: string } & Condition);

/** An entity as stored: valid, filled with defaults, references as `{ id }`. Treat as immutable. */
export type StoredEntity = Readonly<Record<string, unknown>> & { readonly id: string };

/** A stored entity with its type. */
export interface TypedEntity {
  readonly type: EntityType;
  readonly entity: StoredEntity;
}

/** A change that took place. */
export type AppliedChange =
  | ({ readonly op: 'upsert'; readonly id: string } & TypedEntity)
  | { readonly op: 'delete'; readonly type: EntityType; readonly id: string };

/** What a write did. */
export interface Commit {
  /** The revision that holds the changes; the current one when nothing changed. */
  readonly revision: number;
  /** Without upserts that were equal to what is stored, and with the deletes that cascaded. */
  readonly changes: readonly AppliedChange[];
}

/** Names an entity. */
export interface EntityName {
  readonly type: EntityType;
  readonly id: string;
}

/** A change that cannot be made, and why. */
export interface Offender {
  /** Position of the change in the batch. */
  readonly index: number;
  readonly type: EntityType;
  /** `undefined` when the input has no usable id. */
  readonly id: string | undefined;
  readonly problems: readonly [Problem, ...Problem[]];
  /** The missing target of a reference, the holder of the unique key, or what refers to the entity to be deleted. */
  readonly blockedBy?: EntityName;
}
