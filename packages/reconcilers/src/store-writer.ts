import type { EntityType } from '@koko/model';
import { StoreError } from '@koko/store';
import type { ClusterStore } from '@koko/store';
import type { EntityChange, EntityWriter, Refusal } from './entity-writer.ts';

/** Writes entities to a store in this process. */
export class StoreWriter implements EntityWriter {
  readonly #store: ClusterStore;

  constructor(store: ClusterStore) {
    this.#store = store;
  }

  async write(changes: readonly EntityChange[]): Promise<readonly Refusal[]> {
    try {
      await this.#store.write(changes);
      return [];
    } catch (error) {
      if (error instanceof StoreError && error.offenders.length > 0) return error.offenders;
      throw error;
    }
  }

  async list(): Promise<readonly { type: EntityType; id: string }[]> {
    const { entities } = await this.#store.snapshot();
    return entities.map(({ type, entity }) => ({ type, id: entity.id }));
  }
}
