/**
 * A set in the cheapest shape for its size: most of the graph's hundreds of thousands of sets hold one item or a few.
 * Items are class instances, so that an array or a `Set` can only be the set itself.
 */
export type SmallSet<T extends object> = undefined | T | T[] | Set<T>;

const ARRAY_LIMIT = 16;

/** Adds unless present; the caller keeps the returned set in place of the given one. */
export function withItem<T extends object>(set: SmallSet<T>, item: T): SmallSet<T> {
  if (set === undefined || set === item) return item;
  if (set instanceof Set) return set.add(item);
  if (!Array.isArray(set)) return [set, item];
  if (set.includes(item)) return set;
  if (set.length === ARRAY_LIMIT) return new Set(set).add(item);
  set.push(item);
  return set;
}

/** Removes if present; the caller keeps the returned set in place of the given one. */
export function withoutItem<T extends object>(set: SmallSet<T>, item: T): SmallSet<T> {
  if (set === undefined || set === item) return undefined;
  if (set instanceof Set) {
    set.delete(item);
    return set.size === 0 ? undefined : set;
  }
  if (!Array.isArray(set)) return set;
  const index = set.indexOf(item);
  if (index >= 0) {
    const last = set.pop();
    if (last !== undefined && index < set.length) set[index] = last;
  }
  return set.length === 1 ? set[0] : set;
}

/** The items, in no particular order. */
export function itemsOf<T extends object>(set: SmallSet<T>): Iterable<T> & { readonly length?: number } {
  if (set === undefined) return [];
  return set instanceof Set || Array.isArray(set) ? set : [set];
}
