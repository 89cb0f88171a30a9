import { compareBytes, sortByBytes } from './byte-order.ts';
import { Source } from './node.ts';

const MERGE_EVERY = 64;

/** The keys that an index files under one value. */
export class Selection<O, P> extends Source<O, P> {
  readonly #home: Map<string, Selection<O, P>>;
  readonly #value: string;
  #count = 0;
  #sorted: readonly string[] = [];
  /** Changes not yet merged into `#sorted`; a later entry overrides an earlier one of its key. */
  #pending: { key: string; isMember: boolean }[] = [];

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
    this.#pending.push(change);
    // Whether read or not, what waits stays in proportion to the members.
    if (this.#pending.length > MERGE_EVERY + this.#sorted.length) this.#merge();
  }

  #merge(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#sorted = pending.length < 8 ? patched(this.#sorted, pending) : rebuilt(this.#sorted, pending);
  }
}

type Changes = readonly { key: string; isMember: boolean }[];

/** For few changes: one copy and a binary search each. */
function patched(sorted: readonly string[], changes: Changes): readonly string[] {
  const keys = [...sorted];
  for (const { key, isMember } of changes) {
    const at = lowerBound(keys, key);
    if (isMember) keys.splice(at, 0, key);
    else keys.splice(at, 1);
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
