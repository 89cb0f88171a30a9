import type { EntityType } from './entity-types.ts';

/**
 * A map whose keys are a type and an id. Joined to one text, tens of thousands of keys would take more memory than most of
 * what they lead to.
 */
export class EntityMap<V> {
  readonly #types = new Map<EntityType, Map<string, V>>();

  get size(): number {
    let size = 0;
    for (const { size: count } of this.#types.values()) size += count;
    return size;
  }

  /** How many entries there are of a type. */
  count(type: EntityType): number {
    return this.#types.get(type)?.size ?? 0;
  }

  get(type: EntityType, id: string): V | undefined {
    return this.#types.get(type)?.get(id);
  }

  has(type: EntityType, id: string): boolean {
    return this.#types.get(type)?.has(id) ?? false;
  }

  set(type: EntityType, id: string, value: V): void {
    const known = this.#types.get(type);
    if (known !== undefined) known.set(id, value);
    else this.#types.set(type, new Map([[id, value]]));
  }

  /** @returns Whether there was one. */
  delete(type: EntityType, id: string): boolean {
    return this.#types.get(type)?.delete(id) ?? false;
  }

  /** The values of one type or of all, type by type, each in order of insertion. */
  *values(type?: EntityType): Iterable<V> {
    if (type !== undefined) yield* this.#types.get(type)?.values() ?? [];
    else for (const values of this.#types.values()) yield* values.values();
  }
}
