import { compareBytes, sortByBytes } from './byte-order.ts';
import { NONE, Source } from './node.ts';

/** Up to as many members a change is merged at once, beyond that when the members are read or as many changes wait. */
const MERGE_EVERY = 64;

/** The keys that an index files under one value. */
export class Selection<O, P> extends Source<O, P> {
  readonly #home: Map<string, Selection<O, P>>;
  readonly #value: string;
  #count = 0;
  #sorted: readonly string[] = NONE;
  /** Changes not yet merged into `#sorted`; a later entry overrides an earlier one of its key. */
  #pending: { key: string; isMember: boolean }[] | undefined = undefined;

  constructor(home: Map<string, Selection<O, P>>, value: string) {
    super();
    this.#home = home;
    this.#value = value;
    home.set(value, this);
  }

  override get isNeeded(): boolean {
    return this.#count > 0 || this.readers !== undefined;
  }

  override discard(): void {
    this.#home.delete(this.#value);
  }

  /** @param key Not a member so far. */
  add(key: string): void {
    this.#count += 1;
    this.#note({ key, isMember: true });
  }

  /** @param key A member so far. */
  remove(key: string): void {
    this.#count -= 1;
    this.#note({ key, isMember: false });
  }

  /** The members in byte order; the array never changes, so that results may hold it. */
  keys(): readonly string[] {
    this.#merge();
    return this.#sorted;
  }

  #note(change: { key: string; isMember: boolean }): void {
    // Most selections have one member or a few, and there are tens of thousands: these keep no list of changes.
    const isSmall = this.#pending === undefined && this.#sorted.length < MERGE_EVERY;
    if (isSmall) this.#sorted = patched(this.#sorted, [change]);
    else this.#wait(change);
  }

  #wait(change: { key: string; isMember: boolean }): void {
    this.#pending ??= [];
    this.#pending.push(change);
    // Whether read or not, what waits stays in proportion to the members.
    if (this.#pending.length > MERGE_EVERY + this.#sorted.length) this.#merge();
  }

  #merge(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#sorted = pending.length < 8 ? patched(this.#sorted, pending) : rebuilt(this.#sorted, pending);
  }
}

type Changes = readonly { key: string; isMember: boolean }[];

/** For few changes: a copy and a binary search each. */
function patched(sorted: readonly string[], changes: Changes): readonly string[] {
  let keys = sorted;
  for (const { key, isMember } of changes) {
    const at = lowerBound(keys, key);
    // Unlike `splice`, this leaves no room to grow in lists that mostly hold one key.
    keys = isMember ? keys.toSpliced(at, 0, key) : keys.toSpliced(at, 1);
  }
  return keys;
}

function rebuilt(sorted: readonly string[], changes: Changes): readonly string[] {
  const keys = new Set(sorted);
  for (const { key, isMember } of changes) {
    if (isMember) keys.add(key);
    else keys.delete(key);
  }
  return sortByBytes([...keys]);
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareBytes(keys[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
