import { EntityMap } from './entity-map.ts';
import type { EntityType } from './entity-types.ts';
import { membersOf, withMember, withoutMember } from './group.ts';
import type { Group } from './group.ts';

/**
 * Sets of members by an entity, such as all that refer to it; whether the entity exists does not matter. Most hold one member or
 * a few and there are tens of thousands, so that a `Set` for each would take ten times the memory.
 */
export class EntityGroups<M extends string | object> {
  readonly #groups = new EntityMap<NonNullable<Group<M>>>();

  /** The members as they are now, in order of arrival. */
  of(type: EntityType, id: string): readonly M[] {
    return membersOf(this.#groups.get(type, id));
  }

  /** Adds unless present. */
  add(type: EntityType, id: string, member: M): void {
    const before = this.#groups.get(type, id);
    const after = withMember(before, member);
    if (after !== before) this.#groups.set(type, id, after);
  }

  /** Removes if present; nothing stays of an empty group. */
  remove(type: EntityType, id: string, member: M): void {
    const before = this.#groups.get(type, id);
    const after = withoutMember(before, member);
    if (after === undefined) this.#groups.delete(type, id);
    else if (after !== before) this.#groups.set(type, id, after);
  }
}
