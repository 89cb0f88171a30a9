/** Members in the shape that takes least: one as it is, a few in a list, many in a set. No member is itself a list or a set. */
export type Group<M extends string | object> = undefined | M | M[] | Set<M>;

const LIST_LIMIT = 16;
const NOBODY: readonly never[] = [];

/** The members as they are now, in order of arrival. */
export function membersOf<M extends string | object>(group: Group<M>): readonly M[] {
  if (group === undefined) return NOBODY;
  if (group instanceof Set) return [...group];
  return Array.isArray(group) ? group.slice() : [group];
}

/** Adds unless present; the caller keeps the returned group in place of the given one. */
export function withMember<M extends string | object>(group: Group<M>, member: M): NonNullable<Group<M>> {
  if (group === undefined || group === member) return member;
  if (group instanceof Set) return group.add(member);
  if (!Array.isArray(group)) return [group, member];
  if (group.includes(member)) return group;
  return group.length < LIST_LIMIT ? [...group, member] : new Set(group).add(member);
}

/** Removes if present; the caller keeps the returned group in place of the given one. */
export function withoutMember<M extends string | object>(group: Group<M>, member: M): Group<M> {
  if (group instanceof Set) return group.delete(member) && group.size === 0 ? undefined : group;
  if (!Array.isArray(group)) return group === member ? undefined : group;
  const others = group.filter((other) => other !== member);
  return others.length < 2 ? others[0] : others;
}
