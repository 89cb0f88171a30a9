import { EntityMap } from './entity-map.ts';
import type { EntityType } from './entity-types.ts';

/** One member as it is, a few in a list, many in a set; so a member is never a list or a set itself. */
type Group<M> = undefined | M | M[] | Set<M>;

const LIST_LIMIT = 16;
const NOBODY: readonly never[] = [];

/**
 * Sets of members by an entity, such as all that refer to it; whether the entity exists does not matter. Most groups hold one
 * member or a few and there are tens of thousands, so that a `Set` for each would take ten times the memory.
 */
export class EntityGroups<M extends string | object> {
  readonly #groups = new EntityMap<NonNullable<Group<M>>>();

  /** The members as they are now, in order of arrival. */
  of(type: EntityType, id: string): readonly M[] {
    const group: Group<M> = this.#groups.get(type, id);
    if (group === undefined) return NOBODY;
    if (group instanceof Set) return [...group];
    return Array.isArray(group) ? group.slice() : [group];
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

function withMember<M extends string | object>(group: Group<M>, member: M): NonNullable<Group<M>> {
  if (group === undefined || group === member) return member;
  if (group instanceof Set) return group.add(member);
  if (!Array.isArray(group)) return [group, member];
  if (group.includes(member)) return group;
  return group.length < LIST_LIMIT ? [...group, member] : new Set(group).add(member);
}

function withoutMember<M extends string | object>(group: Group<M>, member: M): Group<M> {
  if (group instanceof Set) return group.delete(member) && group.size === 0 ? undefined : group;
  if (!Array.isArray(group)) return group === member ? undefined : group;
  const others = group.filter((other) => other !== member);
  return others.length < 2 ? others[0] : others;
}
