import type { EntityType, Problem } from '@koko/model';

/** A wish for one entity. */
export type EntityChange =
  | { readonly op: 'upsert'; readonly type: EntityType; readonly entity: Readonly<Record<string, unknown>> }
  | { readonly op: 'delete'; readonly type: EntityType; readonly id: string };

/** Why one change of a batch cannot be made. */
export interface Refusal {
  /** Position of the change in the batch. */
  readonly index: number;
  readonly problems: readonly Problem[];
  /** The entity whose coming, change or going may lift the refusal. */
  readonly blockedBy?: { readonly type: EntityType; readonly id: string };
}

/** Where reconcilers write entities: a store in this process now, any admin API with the same meaning later. */
export interface EntityWriter {
  /**
   * Makes all changes in one transaction, or none of them.
   * @returns The refusals; empty when the changes were made.
   * @throws When it is not the content that stands in the way; the same call may succeed later.
   */
  write(changes: readonly EntityChange[]): Promise<readonly Refusal[]>;
  /** Identities of all entities there are. Read once, before the first write. */
  list(): Promise<readonly { readonly type: EntityType; readonly id: string }[]>;
}
