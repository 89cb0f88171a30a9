/** What just changed, or what is looked at because there is time. */
export type Lane = 'fresh' | 'backlog';

interface Item {
  readonly key: string;
  readonly sequence: number;
}

/** Out of so many, one is taken from those that wait longest. */
const FAIRNESS = 4;

/**
 * Keys waiting, each once. The newest fresh one comes first, so that a change need not wait behind thousands; every fourth is
 * the one that has waited longest, backlog first, so that none waits forever.
 */
export class FairQueue {
  readonly #lanes: Readonly<Record<Lane, Item[]>> = { fresh: [], backlog: [] };
  readonly #waiting = new Map<string, { readonly sequence: number; readonly lane: Lane }>();
  #sequence = 0;
  #turn = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** A key in the backlog moves on when it is added as fresh; otherwise one that waits stays where it is. */
  add(key: string, lane: Lane): void {
    const before = this.#waiting.get(key);
    if (before !== undefined && (before.lane === 'fresh' || lane === 'backlog')) return;
    this.#sequence += 1;
    this.#waiting.set(key, { sequence: this.#sequence, lane });
    this.#lanes[lane].push({ key, sequence: this.#sequence });
  }

  delete(key: string): void {
    this.#waiting.delete(key); // its item is skipped
    for (const lane of ['fresh', 'backlog'] as const) this.#compact(lane);
  }

  clear(): void {
    this.#waiting.clear();
    this.#lanes.fresh.length = 0;
    this.#lanes.backlog.length = 0;
  }

  /** Takes the next key out. */
  next(): string | undefined {
    this.#turn += 1;
    const isFair = this.#turn % FAIRNESS === 0;
    return isFair ? (this.#oldest('backlog') ?? this.#oldest('fresh')) : (this.#newest() ?? this.#oldest('backlog'));
  }

  #newest(): string | undefined {
    const items = this.#lanes.fresh;
    for (let item = items.pop(); item !== undefined; item = items.pop()) if (this.#take(item)) return item.key;
    return undefined;
  }

  #oldest(lane: Lane): string | undefined {
    const items = this.#lanes[lane];
    for (let item = items.shift(); item !== undefined; item = items.shift()) if (this.#take(item)) return item.key;
    return undefined;
  }

  #take({ key, sequence }: Item): boolean {
    return this.#waiting.get(key)?.sequence === sequence && this.#waiting.delete(key);
  }

  #compact(lane: Lane): void {
    const items = this.#lanes[lane];
    if (items.length <= 2 * this.#waiting.size + 64) return;
    this.#lanes[lane].splice(0, items.length, ...items.filter((item) => this.#isCurrent(item)));
  }

  #isCurrent({ key, sequence }: Item): boolean {
    return this.#waiting.get(key)?.sequence === sequence;
  }
}
