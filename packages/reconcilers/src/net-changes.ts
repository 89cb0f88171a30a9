/** What has come and what has gone since a time; what did both is as it was, and counts as neither. */
export class NetChanges<T> {
  readonly #keyOf: (item: T) => string;
  readonly #added = new Map<string, T>();
  readonly #removed = new Map<string, T>();

  /** @param keyOf Equal for items that are the same thing. */
  constructor(keyOf: (item: T) => string) {
    this.#keyOf = keyOf;
  }

  /** Notes one step; no item is in both lists. */
  note(added: readonly T[], removed: readonly T[]): void {
    for (const item of removed) move(this.#keyOf(item), item, { from: this.#added, to: this.#removed });
    for (const item of added) move(this.#keyOf(item), item, { from: this.#removed, to: this.#added });
  }

  get added(): readonly T[] {
    return [...this.#added.values()];
  }

  get removed(): readonly T[] {
    return [...this.#removed.values()];
  }

  clear(): void {
    this.#added.clear();
    this.#removed.clear();
  }
}

function move<T>(key: string, item: T, maps: { readonly from: Map<string, T>; readonly to: Map<string, T> }): void {
  if (!maps.from.delete(key)) maps.to.set(key, item);
}
