import { compareBytes } from './byte-order.ts';
import type { Contribution } from './output-table.ts';
import type { Inputs, Query } from './query.ts';
import { sameData } from './same-data.ts';
import { type SmallSet, withItem, withoutItem } from './small-set.ts';

/** Something that queries read: an input object, a selection by index, or the result of another query. */
export abstract class Source<O, P> {
  readers: SmallSet<Node<O, P>> = undefined;

  addReader(node: Node<O, P>): void {
    this.readers = withItem(this.readers, node);
  }

  removeReader(node: Node<O, P>): void {
    this.readers = withoutItem(this.readers, node);
  }

  /** Whether something reads it, or it holds something that may be read. */
  abstract get isNeeded(): boolean;

  /** Takes the source out of the table that holds it. */
  abstract discard(): void;
}

/** One query of the graph with its memoised results. */
export interface QueryState<O, P> {
  // The graph's kinds do not matter to a node, which only hands its reads through.
  readonly query: Query<Inputs, O, P, unknown>;
  readonly nodes: Map<string, Node<O, P>>;
  runs: number;
}

export const NONE: readonly never[] = [];

/** The outcome of a query that has not run yet. */
export const PENDING = Symbol('pending');

/** The memoised result of one query for one key. */
export class Node<O, P> extends Source<O, P> {
  readonly state: QueryState<O, P>;
  readonly key: string;
  /** The value that `compute` returned, a `Failure`, or `PENDING`. */
  outcome: unknown = PENDING;
  /** What the last run read, each source once, in order of first reading. */
  dependencies: readonly Source<O, P>[] = NONE;
  emitted: readonly Contribution<O, P>[] = NONE;
  problems: readonly P[] = NONE;
  /** Greater than that of every node it reads; nodes on a cycle share one. */
  height = 0;
  /** The change in which it was last known to be up to date. */
  settledIn = 0;
  rootCount = 0;
  isDirty = true;
  /** Being run or verified right now: reading it closes a cycle. */
  isOnStack = false;

  constructor(state: QueryState<O, P>, key: string) {
    super();
    this.state = state;
    this.key = key;
  }

  override get isNeeded(): boolean {
    const { outcome } = this;
    if (!(outcome instanceof Failure) || !outcome.isCycleOf(this))
      return this.rootCount > 0 || this.readers !== undefined;
    return outcome.isNeededFromOutside();
  }

  override discard(): void {
    this.state.nodes.delete(this.key);
  }
}

/** Why a node has no value: its query threw, a query that it read did, or it reads itself through others. */
export class Failure<O, P> {
  readonly error: unknown;
  readonly #isCycle: boolean;
  /** The nodes to blame: the one that threw, or all on the cycle beginning with the one entered first. */
  readonly origins: ReadonlySet<Node<O, P>>;

  constructor(error: unknown, origins: ReadonlySet<Node<O, P>>, isCycle: boolean) {
    this.error = error;
    this.origins = origins;
    this.#isCycle = isCycle;
  }

  isCycleOf(node: object): boolean {
    // A set only compares identities, so that any object may be asked for.
    return this.#isCycle && this.origins.has(node as Node<O, P>);
  }

  /** Nodes on a cycle keep each other; only roots and readers elsewhere make them needed. */
  isNeededFromOutside(): boolean {
    // While a cycle dissolves, those that have run again are on it no longer.
    const members = new Set([...this.origins].filter((node) => node.outcome === this));
    for (const node of members) {
      if (node.rootCount > 0) return true;
      for (const reader of readersOf(node)) if (!members.has(reader)) return true;
    }
    return false;
  }

  /** Whether readers could not tell the two apart. */
  isLike(other: Failure<O, P>): boolean {
    if (this.error === other.error) return true;
    const [origin] = this.origins;
    const [otherOrigin] = other.origins;
    const isSameKind = this.#isCycle === other.#isCycle && (this.#isCycle || origin === otherOrigin);
    return isSameKind && String(this.error) === String(other.error);
  }
}

/** A copy, for callers that change the readers while they walk them. */
export function readersOf<O, P>(source: Source<O, P>): readonly Node<O, P>[] {
  const { readers } = source;
  if (readers === undefined) return NONE;
  if (readers instanceof Set) return [...readers];
  return Array.isArray(readers) ? readers.slice() : [readers];
}

/** Order of query name, then key. */
export function compareNodes<O, P>(a: Node<O, P>, b: Node<O, P>): number {
  return compareBytes(a.state.query.name, b.state.query.name) || compareBytes(a.key, b.key);
}

/** The least height that lies above what the node reads, leaving out what is being run. */
export function heightAbove<O, P>(node: Node<O, P>): number {
  let height = 0;
  for (const source of node.dependencies) {
    if (source instanceof Node && !source.isOnStack && source.height >= height) height = source.height + 1;
  }
  return height;
}

/** Whether readers of the node need not run again. */
export function isSameOutcome<O, P>(node: Node<O, P>, outcome: unknown): boolean {
  const before = node.outcome;
  if (before === PENDING) return false;
  if (before instanceof Failure || outcome instanceof Failure) {
    return before instanceof Failure && outcome instanceof Failure && before.isLike(outcome);
  }
  const { query } = node.state;
  try {
    return query.equals === undefined ? sameData(before, outcome) : query.equals(before, outcome);
  } catch {
    return false; // to run readers once too often is always right
  }
}

/** For messages. */
export function nameOf<O, P>(node: Node<O, P>): string {
  return `query "${node.state.query.name}" of "${node.key}"`;
}
