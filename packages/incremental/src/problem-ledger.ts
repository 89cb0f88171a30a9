import { sortByBytes } from './byte-order.ts';
import { sameData } from './same-data.ts';

/** Problems counted by identity: reported by however many, each is there once. */
export class ProblemLedger<P> {
  readonly #keyOf: (problem: P) => string;
  readonly #entries = new Map<string, { problem: P; count: number }>();
  /** As they were before the current change, for the identities it touched. */
  readonly #before = new Map<string, P | undefined>();

  constructor(keyOf: (problem: P) => string) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Fails like `replace` would if the problem had no identity, before anything is changed. */
  check(problem: P): void {
    this.#keyOf(problem);
  }

  /** Exchanges one holder's problems; returns what the holder keeps. */
  replace(held: readonly P[], problems: readonly P[]): readonly P[] {
    if (sameData(held, problems)) return held;
    for (const problem of held) this.#remove(this.#keyOf(problem));
    for (const problem of problems) this.#add(problem);
    return problems;
  }

  list(): readonly P[] {
    const keys = sortByBytes([...this.#entries.keys()]);
    return keys.flatMap((key) => this.#entries.get(key)?.problem ?? []);
  }

  /** What changed since the last flush, in byte order of identity. */
  flush(): { problemsAdded: P[]; problemsRemoved: P[] } {
    const problemsAdded: P[] = [];
    const problemsRemoved: P[] = [];
    for (const key of sortByBytes([...this.#before.keys()])) {
      const before = this.#before.get(key);
      const after = this.#entries.get(key)?.problem;
      if (sameData(before, after)) continue;
      if (before !== undefined) problemsRemoved.push(before);
      if (after !== undefined) problemsAdded.push(after);
    }
    this.#before.clear();
    return { problemsAdded, problemsRemoved };
  }

  #add(problem: P): void {
    const key = this.#keyOf(problem);
    const entry = this.#entries.get(key);
    this.#touch(key);
    if (entry === undefined) this.#entries.set(key, { problem, count: 1 });
    else entry.count += 1;
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#touch(key);
    entry.count -= 1;
    if (entry.count === 0) this.#entries.delete(key);
  }

  #touch(key: string): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#entries.get(key)?.problem);
  }
}
