import { sortByBytes } from './byte-order.ts';
import type { DemandDiff, InputName } from './demand.ts';
import { Evaluator } from './evaluator.ts';
import { GraphError, reasonOf } from './graph-error.ts';
import { InputTable, nameTaken } from './input-table.ts';
import { Node, type QueryState } from './node.ts';
import { OutputTable } from './output-table.ts';
import { ProblemLedger } from './problem-ledger.ts';
import type { Conflict, Emission, Index, Inputs, Query, Reads } from './query.ts';
import { sameData } from './same-data.ts';

/** Queries that are needed without being read. */
export type Root<I extends Inputs, Output, P> =
  /** Needed for every input object of the kind, with the object's key. */
  | { readonly kind: keyof I & string; readonly query: Query<I, Output, P, unknown> }
  /** Needed always, with these keys; computed by the first `apply`. */
  | { readonly query: Query<I, Output, P, unknown>; readonly keys: readonly string[] };

export interface GraphOptions<I extends Inputs, Output, P> {
  /** Every index that queries select by. */
  readonly indexes?: readonly Index<I>[];
  readonly roots: readonly Root<I, Output, P>[];
  /** Kinds of which each change tells which objects queries now look at, by name and not by index. Default: none. */
  readonly demandKinds?: readonly (keyof I & string)[];
  /** Identity of a problem: reported more than once, it is there once. Problems of one identity must be equal. */
  readonly problemKey: (problem: P) => string;
  /** The problem of a contribution that lost against a different one. Default: losers vanish silently. */
  readonly conflict?: Conflict<Output, P>;
  /** Whether two contributions to one output agree. Default: deep equality, the order of object keys aside. */
  readonly equalOutputs?: (a: Output, b: Output) => boolean;
  /** The problem that stands for a query (or the `valuesOf` of an index) that threw. Default: `apply` throws. */
  readonly onThrow?: (name: string, key: string, error: unknown) => P;
}

/** An input object as it is from now on; `undefined` removes it. */
export type Change<I extends Inputs> = {
  readonly [K in keyof I & string]: { readonly kind: K; readonly key: string; readonly object: I[K] | undefined };
}[keyof I & string];

/** What a change did, in byte order of output key and problem identity. */
export interface GraphDiff<Output, P> extends DemandDiff {
  /** Outputs that are new, or whose value or rank differs from before. */
  readonly upserts: readonly Emission<Output>[];
  readonly deletes: readonly string[];
  readonly problemsAdded: readonly P[];
  readonly problemsRemoved: readonly P[];
}

/** What the graph holds. All are 0 once the inputs are gone, fixed roots aside. */
export interface GraphSize {
  /** Objects, and places where a query looked for one. */
  readonly inputs: number;
  /** Index values that have members or readers. */
  readonly selections: number;
  readonly nodes: number;
  /** Reads on record. */
  readonly edges: number;
  readonly outputs: number;
  readonly problems: number;
}

interface Entry {
  readonly kind: string;
  readonly key: string;
  readonly object: object | undefined;
}

/**
 * Computes outputs and problems from input objects by queries, and after a change runs just the queries that the change
 * reaches. Whatever the sequence of changes, the result is that of a new graph fed with the final inputs.
 */
export class Graph<I extends Inputs, Output, P> {
  readonly #options: GraphOptions<I, Output, P>;
  readonly #ledger: ProblemLedger<P>;
  readonly #outputs: OutputTable<Output, P>;
  readonly #inputs: InputTable<Output, P>;
  readonly #evaluator: Evaluator<Output, P>;
  readonly #states = new Map<object, QueryState<Output, P>>();
  readonly #stateOfName = new Map<string, QueryState<Output, P>>();
  readonly #rootsOfKind = new Map<string, QueryState<Output, P>[]>();
  readonly #reads: Reads<Inputs, Output, P>;
  /** Roots that appeared in the current change. */
  #newRoots: Node<Output, P>[] = [];
  /** The first thing that went wrong in the current change for which no query is to blame. */
  #fault: { readonly error: unknown } | undefined = undefined;
  #hasFixedRoots = false;
  #isBusy = false;

  /** @throws {GraphError} When two queries or two indexes share a name. */
  constructor(options: GraphOptions<I, Output, P>) {
    this.#options = options;
    const { conflict, equalOutputs, onThrow } = options;
    const failed = (error: unknown): void => void (this.#fault ??= { error });
    const ledger = new ProblemLedger<P>((problem) => options.problemKey(problem));
    const outputs = new OutputTable<Output, P>({ ledger, conflict, equalOutputs, failed });
    this.#ledger = ledger;
    this.#outputs = outputs;
    this.#evaluator = new Evaluator<Output, P>({
      outputs,
      ledger,
      onThrow,
      failed,
      compute: (node) => node.state.query.compute(node.key, this.#reads),
    });
    this.#inputs = new InputTable<Output, P>({
      indexes: options.indexes ?? [],
      demandKinds: options.demandKinds ?? [],
      changed: (source) => this.#evaluator.invalidate(source),
      indexFailed: (failure) => this.#indexFailed(failure),
    });
    this.#reads = this.#createReads();
    for (const root of options.roots) this.#register(root);
  }

  /**
   * Brings everything up to date with the changes, the last of each object counting.
   * @throws {GraphError} When a query throws and there is no `onThrow`; the graph then is as it was before the call.
   */
  apply(changes: Iterable<Change<I>>): GraphDiff<Output, P> {
    if (this.#isBusy) throw new GraphError('ERR_GRAPH_BUSY', 'Cannot apply changes from within a query or callback');
    this.#isBusy = true;
    try {
      const { next, previous } = this.#effective(changes);
      const mustMount = !this.#hasFixedRoots;
      this.#advance(next, mustMount ? 1 : 0);
      const fault = this.#takeFault();
      if (fault !== undefined) this.#advance(previous, mustMount ? -1 : 0);
      this.#hasFixedRoots = fault === undefined || !mustMount;
      const diff = { ...this.#outputs.flush(), ...this.#ledger.flush(), ...this.#inputs.flushDemand() };
      if (fault === undefined) return diff;
      throw fault.error;
    } finally {
      this.#fault = undefined;
      this.#isBusy = false;
    }
  }

  /** All outputs, in byte order of key. */
  outputs(): readonly Emission<Output>[] {
    return this.#outputs.list();
  }

  output(key: string): Emission<Output> | undefined {
    return this.#outputs.find(key);
  }

  /** All problems, in byte order of identity. */
  problems(): readonly P[] {
    return this.#ledger.list();
  }

  /** Objects of `demandKinds` that queries look at, whether they are there or not, in byte order of kind and key. */
  demanded(): readonly InputName[] {
    return this.#inputs.demanded();
  }

  /** How often each query was computed so far, by query name. */
  runs(): Readonly<Record<string, number>> {
    const names = sortByBytes([...this.#stateOfName.keys()]);
    return Object.fromEntries(names.map((name) => [name, this.#stateOfName.get(name)?.runs ?? 0]));
  }

  size(): GraphSize {
    let nodes = 0;
    for (const state of this.#states.values()) nodes += state.nodes.size;
    const { edges } = this.#evaluator;
    return { ...this.#inputs.count(), nodes, edges, outputs: this.#outputs.size, problems: this.#ledger.size };
  }

  /** The last change of each object, where it differs from what is there; and how to go back. */
  #effective(changes: Iterable<Change<I>>): { next: Entry[]; previous: Entry[] } {
    const byKind = new Map<string, Map<string, object | undefined>>();
    for (const { kind, key, object } of changes) {
      let ofKind = byKind.get(kind);
      if (ofKind === undefined) byKind.set(kind, (ofKind = new Map<string, object | undefined>()));
      ofKind.set(key, object);
    }
    const next: Entry[] = [];
    const previous: Entry[] = [];
    for (const [kind, ofKind] of byKind) {
      for (const [key, object] of ofKind) {
        const before = this.#inputs.find(kind, key);
        if (sameData(before, object)) continue;
        next.push({ kind, key, object });
        previous.push({ kind, key, object: before });
      }
    }
    return { next, previous };
  }

  #advance(entries: readonly Entry[], fixedRoots: -1 | 0 | 1): void {
    const evaluator = this.#evaluator;
    evaluator.begin();
    this.#newRoots = [];
    for (const entry of entries) this.#put(entry);
    if (fixedRoots !== 0) this.#mountFixedRoots(fixedRoots);
    evaluator.collect(); // what went with its root need not run
    evaluator.drain();
    for (const node of this.#newRoots) evaluator.settle(node);
    evaluator.collect();
    this.#outputs.settle();
    this.#newRoots = [];
  }

  #put({ kind, key, object }: Entry): void {
    const existed = this.#inputs.find(kind, key) !== undefined;
    const exists = object !== undefined;
    this.#inputs.put(kind, key, object);
    if (existed === exists) return;
    for (const state of this.#rootsOfKind.get(kind) ?? []) this.#mount(state, key, exists ? 1 : -1);
  }

  #mount(state: QueryState<Output, P>, key: string, count: -1 | 1): void {
    const node = this.#node(state, key);
    node.rootCount += count;
    if (count > 0) this.#newRoots.push(node);
    else this.#evaluator.release(node);
  }

  #mountFixedRoots(count: -1 | 1): void {
    for (const root of this.#options.roots) {
      if (!('keys' in root)) continue;
      for (const key of root.keys) this.#mount(this.#state(root.query), key, count);
    }
  }

  #takeFault(): { readonly error: unknown } | undefined {
    const failure = this.#options.onThrow === undefined ? this.#evaluator.failure() : undefined;
    const fault = this.#fault ?? (failure === undefined ? undefined : { error: failure });
    this.#fault = undefined;
    return fault;
  }

  #register(root: Root<I, Output, P>): void {
    const state = this.#state(root.query);
    if ('kind' in root) this.#rootsOfKind.set(root.kind, [...(this.#rootsOfKind.get(root.kind) ?? []), state]);
  }

  #state(query: { readonly name: string }): QueryState<Output, P> {
    const known = this.#states.get(query);
    if (known !== undefined) return known;
    if (this.#stateOfName.has(query.name)) throw nameTaken(query.name);
    // A query only gets reads of this graph, whose inputs are of its own kinds.
    const state = {
      query: query as Query<Inputs, Output, P, unknown>,
      nodes: new Map<string, Node<Output, P>>(),
      runs: 0,
    };
    this.#states.set(query, state);
    this.#stateOfName.set(query.name, state);
    return state;
  }

  #node(state: QueryState<Output, P>, key: string): Node<Output, P> {
    let node = state.nodes.get(key);
    if (node === undefined) state.nodes.set(key, (node = new Node(state, key)));
    return node;
  }

  #createReads(): Reads<Inputs, Output, P> {
    const evaluator = this.#evaluator;
    return {
      object: (kind, key) => {
        const frame = evaluator.frame();
        const cell = this.#inputs.cell(kind, key);
        frame.record(cell);
        return cell.object;
      },
      keys: (index, value) => {
        const frame = evaluator.frame();
        const selection = this.#inputs.selection(index, value);
        frame.record(selection);
        return selection.keys();
      },
      // The node of a query holds what that query returned.
      query: <V>(query: Query<Inputs, Output, P, V>, key: string): V =>
        evaluator.valueOf(this.#node(this.#state(query), key)) as V,
      emit: (output) => void evaluator.frame().emissions.push(output),
      report: (problem) => {
        const frame = evaluator.frame();
        this.#ledger.check(problem);
        frame.problems.push(problem);
      },
    };
  }

  #indexFailed(failure: { index: string; key: string; error: unknown; isFailing: boolean }): void {
    const { index, key, error, isFailing } = failure;
    const { onThrow } = this.#options;
    try {
      if (onThrow !== undefined) return this.#count(onThrow(index, key, error), isFailing);
      const message = `Cannot file "${key}" in index "${index}": ${reasonOf(error)}`;
      throw new GraphError('ERR_GRAPH_INDEX_FAILED', message, { cause: error });
    } catch (fault) {
      if (isFailing) this.#fault ??= { error: fault };
    }
  }

  #count(problem: P, isThere: boolean): void {
    this.#ledger.replace(isThere ? [] : [problem], isThere ? [problem] : []);
  }
}
