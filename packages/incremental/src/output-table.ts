import { compareBytes, sortByBytes } from './byte-order.ts';
import { compareNodes, NONE, type Node } from './node.ts';
import type { ProblemLedger } from './problem-ledger.ts';
import type { Conflict, Emission } from './query.ts';
import { sameContent, sameData } from './same-data.ts';
import { itemsOf, type SmallSet, withItem, withoutItem } from './small-set.ts';

/** What one node contributes to one output. */
export class Contribution<O, P> {
  readonly cell: OutputCell<O, P>;
  readonly value: O;
  readonly rank: string;
  readonly node: Node<O, P>;
  /** Position among the node's emissions. */
  readonly order: number;

  constructor(cell: OutputCell<O, P>, emission: Emission<O>, node: Node<O, P>, order: number) {
    this.cell = cell;
    this.value = emission.value;
    this.rank = emission.rank;
    this.node = node;
    this.order = order;
  }

  toEmission(): Emission<O> {
    return { key: this.cell.key, value: this.value, rank: this.rank };
  }
}

class OutputCell<O, P> {
  readonly key: string;
  contributions: SmallSet<Contribution<O, P>> = undefined;
  published: Contribution<O, P> | undefined = undefined;
  problems: readonly P[] = NONE;

  constructor(key: string) {
    this.key = key;
  }
}

export interface OutputTableOptions<O, P> {
  readonly ledger: ProblemLedger<P>;
  readonly conflict?: Conflict<O, P> | undefined;
  readonly equalOutputs?: ((a: O, b: O) => boolean) | undefined;
  /** One of the functions above threw. */
  readonly failed: (error: unknown) => void;
}

/** Contributions by output key, merged: equal ones count, of different ones the smallest rank wins. */
export class OutputTable<O, P> {
  readonly #options: OutputTableOptions<O, P>;
  readonly #cells = new Map<string, OutputCell<O, P>>();
  readonly #touched = new Set<OutputCell<O, P>>();
  /** As published before the current change, for the keys it touched. */
  readonly #before = new Map<string, Contribution<O, P> | undefined>();

  constructor(options: OutputTableOptions<O, P>) {
    this.#options = options;
  }

  get size(): number {
    return this.#cells.size;
  }

  /** Exchanges what a node contributes. */
  replace(node: Node<O, P>, emissions: readonly Emission<O>[]): void {
    if (isUnchanged(node.emitted, emissions)) return;
    for (const contribution of node.emitted) {
      const { cell } = contribution;
      cell.contributions = withoutItem(cell.contributions, contribution);
      // Where nothing is in conflict, one that did not win leaves no trace.
      if (contribution === cell.published || cell.problems.length > 0) this.#touched.add(cell);
    }
    node.emitted = emissions.length === 0 ? NONE : emissions.map((emission, order) => this.#add(node, emission, order));
  }

  /** Merges the contributions to every key touched; afterwards outputs and conflicts are as they should be. */
  settle(): void {
    for (const cell of this.#touched) {
      if (!this.#before.has(cell.key)) this.#before.set(cell.key, cell.published);
      this.#merge(cell);
      if (cell.published === undefined) this.#cells.delete(cell.key);
    }
    this.#touched.clear();
  }

  /** What changed since the last flush, in byte order of key. */
  flush(): { upserts: Emission<O>[]; deletes: string[] } {
    const upserts: Emission<O>[] = [];
    const deletes: string[] = [];
    for (const key of sortByBytes([...this.#before.keys()])) {
      const before = this.#before.get(key);
      const after = this.#cells.get(key)?.published;
      if (after === undefined) {
        if (before !== undefined) deletes.push(key);
      } else if (before === undefined || before.rank !== after.rank || !sameData(before.value, after.value)) {
        upserts.push(after.toEmission());
      }
    }
    this.#before.clear();
    return { upserts, deletes };
  }

  find(key: string): Emission<O> | undefined {
    return this.#cells.get(key)?.published?.toEmission();
  }

  list(): readonly Emission<O>[] {
    return sortByBytes([...this.#cells.keys()]).flatMap((key) => this.find(key) ?? []);
  }

  #add(node: Node<O, P>, emission: Emission<O>, order: number): Contribution<O, P> {
    let cell = this.#cells.get(emission.key);
    if (cell === undefined) this.#cells.set(emission.key, (cell = new OutputCell(emission.key)));
    const contribution = new Contribution(cell, emission, node, order);
    cell.contributions = withItem(cell.contributions, contribution);
    if (!this.#isBackedBy(cell.published, contribution)) this.#touched.add(cell);
    return contribution;
  }

  /** Whether the contribution neither wins nor conflicts, so that thousands of equal ones need no merging. */
  #isBackedBy(winner: Contribution<O, P> | undefined, contribution: Contribution<O, P>): boolean {
    if (winner === undefined || compareContributions(winner, contribution) >= 0) return false;
    const { equalOutputs = sameContent } = this.#options;
    try {
      return equalOutputs(winner.value, contribution.value);
    } catch {
      return false; // merging will meet the same error and report it
    }
  }

  #merge(cell: OutputCell<O, P>): void {
    const [winner, ...others] = [...itemsOf(cell.contributions)].sort(compareContributions);
    cell.published = winner;
    const problems = winner === undefined || others.length === 0 ? NONE : this.#conflicts(winner, others);
    cell.problems = this.#options.ledger.replace(cell.problems, problems);
  }

  #conflicts(winner: Contribution<O, P>, others: readonly Contribution<O, P>[]): readonly P[] {
    const { conflict, ledger, equalOutputs = sameContent, failed } = this.#options;
    if (conflict === undefined) return NONE;
    try {
      const losers = others.filter((other) => !equalOutputs(winner.value, other.value));
      const problems = losers.flatMap((loser) => conflict(withOrigin(winner), withOrigin(loser)) ?? []);
      for (const problem of problems) ledger.check(problem);
      return problems;
    } catch (error) {
      failed(error);
      return NONE;
    }
  }
}

function isUnchanged<O, P>(emitted: readonly Contribution<O, P>[], emissions: readonly Emission<O>[]): boolean {
  if (emitted.length !== emissions.length) return false;
  return emitted.every((old, index) => {
    const emission = emissions[index];
    return old.cell.key === emission?.key && old.rank === emission.rank && sameData(old.value, emission.value);
  });
}

function withOrigin<O, P>(contribution: Contribution<O, P>): Parameters<Conflict<O, P>>[0] {
  const { node } = contribution;
  return { ...contribution.toEmission(), origin: { query: node.state.query.name, key: node.key } };
}

function compareContributions<O, P>(a: Contribution<O, P>, b: Contribution<O, P>): number {
  return compareBytes(a.rank, b.rank) || compareNodes(a.node, b.node) || a.order - b.order;
}
