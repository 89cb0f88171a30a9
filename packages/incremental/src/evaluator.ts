import { GraphError, reasonOf } from './graph-error.ts';
import { Frame } from './frame.ts';
import { cycleError, isSameCycle } from './cycle.ts';
import {
  compareNodes,
  Failure,
  heightAbove,
  isSameOutcome,
  nameOf,
  Node,
  NONE,
  readersOf,
  type Source,
} from './node.ts';
import type { OutputTable } from './output-table.ts';
import type { ProblemLedger } from './problem-ledger.ts';
import { Queue } from './queue.ts';

/** Queries that read queries use up the call stack; this many levels fit with a wide margin. */
const MAX_HEIGHT = 400;

export interface EvaluatorOptions<O, P> {
  readonly outputs: OutputTable<O, P>;
  readonly ledger: ProblemLedger<P>;
  /** Runs the query of the node; its reads come back through `recordRead` and `valueOf`. */
  compute(node: Node<O, P>): unknown;
  readonly onThrow: ((queryName: string, key: string, error: unknown) => P) | undefined;
  /** Something outside the queries' responsibility went wrong: the change must be undone. */
  readonly failed: (error: unknown) => void;
}

/**
 * Brings nodes up to date, each at most once per change. Dirty nodes wait by height, which is above that of all they
 * read, so usually everything below is settled when a node runs. A node that newly reads one at or above its own height
 * has that verified first, depth first and in the order of its reads.
 */
export class Evaluator<O, P> {
  readonly #options: EvaluatorOptions<O, P>;
  readonly #queue = new Queue<O, P>();
  readonly #stack: Frame<O, P>[] = [];
  /** Sources that lost a reader, to be looked at when all is settled. */
  readonly #unread: Source<O, P>[] = [];
  /** Nodes that failed by themselves in this change. */
  #failed: Node<O, P>[] = [];
  /** Counts the changes. */
  #epoch = 1;
  /** Clean nodes below are up to date. */
  #floor = Infinity;
  #edges = 0;

  constructor(options: EvaluatorOptions<O, P>) {
    this.#options = options;
  }

  /** How many reads are on record. */
  get edges(): number {
    return this.#edges;
  }

  begin(): void {
    this.#epoch += 1;
    this.#failed = [];
  }

  /** What reads the source has to run again. */
  invalidate(source: Source<O, P>): void {
    for (const reader of readersOf(source)) this.#soil(reader);
  }

  /** A root is no longer one. */
  release(node: Node<O, P>): void {
    this.#unread.push(node);
  }

  /** Runs what is dirty and needed, lowest first. */
  drain(): void {
    for (let node = this.#queue.pop(); node !== undefined; node = this.#queue.pop()) {
      if (node.settledIn === this.#epoch || !node.isNeeded) continue; // the latter goes when it is collected
      this.#floor = this.#queue.lowest;
      this.#refresh(node);
    }
    this.#floor = Infinity;
  }

  /** Brings one node up to date after `drain`. */
  settle(node: Node<O, P>): void {
    if (node.isDirty) this.#refresh(node);
  }

  /** Removes what nobody needs any more, and what only that needed. */
  collect(): void {
    for (let source = this.#unread.pop(); source !== undefined; source = this.#unread.pop()) {
      if (source.isNeeded) continue;
      if (source instanceof Node) this.#remove(source);
      source.discard();
    }
  }

  /** The first failure of this change, in byte order of query name and key, that is still in the graph. */
  failure(): GraphError | undefined {
    const failed = this.#failed.filter((node) => node.outcome instanceof Failure && isPresent(node));
    const [node] = failed.sort(compareNodes);
    if (node === undefined || !(node.outcome instanceof Failure)) return undefined;
    const { error } = node.outcome;
    if (node.outcome.isCycleOf(node) && error instanceof GraphError) return error;
    return new GraphError('ERR_GRAPH_QUERY_FAILED', `Cannot compute ${nameOf(node)}: ${reasonOf(error)}`, {
      cause: error,
    });
  }

  /** The run that a read belongs to. */
  frame(): Frame<O, P> {
    const frame = this.#stack.at(-1);
    if (frame === undefined) {
      throw new GraphError(
        'ERR_GRAPH_READ_OUTSIDE',
        'Cannot read while no query runs: use `reads` only until `compute` returns',
      );
    }
    if (frame.poison !== undefined) throw frame.poison.error;
    return frame;
  }

  /** The value of a node for the query that runs, brought up to date first. */
  valueOf(node: Node<O, P>): unknown {
    const frame = this.frame();
    frame.record(node);
    this.#resolve(node);
    if (frame.poison !== undefined) throw frame.poison.error;
    if (node.outcome instanceof Failure) throw frame.receive(node.outcome);
    return node.outcome;
  }

  #resolve(node: Node<O, P>): void {
    if (node.isOnStack) this.#closeCycle(node);
    else if (node.settledIn === this.#epoch || (!node.isDirty && node.height < this.#floor)) return;
    else this.#refresh(node);
  }

  #refresh(node: Node<O, P>): void {
    const frame = new Frame(node);
    this.#stack.push(frame);
    node.isOnStack = true;
    try {
      if (this.#stack.length > MAX_HEIGHT) throw this.#tooDeep(node);
      if (node.isDirty || this.#mustRun(frame)) this.#finish(frame, this.#run(frame));
      else if (frame.poison !== undefined) this.#finish(frame, frame.poison);
      else this.#confirm(node);
    } finally {
      node.isOnStack = false;
      this.#stack.pop();
    }
  }

  /** Settles what the node read last time, in that order, up to the first that has changed. */
  #mustRun(frame: Frame<O, P>): boolean {
    const { node } = frame;
    const { dependencies } = node;
    for (const [index, source] of dependencies.entries()) {
      if (!(source instanceof Node)) continue;
      this.#resolve(source);
      if (frame.poison !== undefined) {
        frame.adopt(dependencies.slice(0, index + 1)); // a run would have thrown here
        return false;
      }
      if (node.isDirty) return true;
    }
    return false;
  }

  #run(frame: Frame<O, P>): unknown {
    const { node } = frame;
    node.state.runs += 1;
    try {
      const value = this.#options.compute(node);
      return frame.poison ?? value;
    } catch (error) {
      return frame.poison ?? frame.failureFor(error);
    }
  }

  #finish(frame: Frame<O, P>, outcome: unknown): void {
    const { node } = frame;
    this.#link(node, frame.dependencies);
    this.#contribute(frame, outcome);
    const isChanged = !isSameOutcome(node, outcome);
    // A cycle that is found anew has the same nodes on it, but each must hold the same failure.
    if (isChanged || outcome instanceof Failure) node.outcome = outcome;
    node.isDirty = false;
    node.settledIn = this.#epoch;
    this.#raise(node, heightAbove(node));
    if (frame.poison !== undefined) this.#levelCycle(frame.poison, node);
    if (isChanged) this.invalidate(node);
  }

  #confirm(node: Node<O, P>): void {
    node.settledIn = this.#epoch;
    this.#raise(node, Math.max(node.height, heightAbove(node))); // while on the stack it was left out of rises
  }

  #contribute(frame: Frame<O, P>, outcome: unknown): void {
    const { node } = frame;
    const { outputs, ledger } = this.#options;
    const isFailure = outcome instanceof Failure;
    outputs.replace(node, isFailure ? NONE : frame.emissions);
    // Both sides belong to this graph, so the failure's nodes do too.
    const problems = isFailure ? this.#problemsOf(node, outcome as Failure<O, P>) : frame.problems;
    node.problems = ledger.replace(node.problems, problems.length === 0 ? NONE : problems);
  }

  #problemsOf(node: Node<O, P>, failure: Failure<O, P>): readonly P[] {
    if (!failure.origins.has(node)) return NONE; // the node to blame reports it
    this.#failed.push(node);
    const { onThrow, ledger, failed } = this.#options;
    if (onThrow === undefined) return NONE;
    try {
      const problem = onThrow(node.state.query.name, node.key, failure.error);
      ledger.check(problem);
      return [problem];
    } catch (error) {
      failed(error);
      return NONE;
    }
  }

  /** Every node from the one being read up to the top of the stack is on the cycle, whichever was entered first. */
  #closeCycle(entry: Node<O, P>): void {
    const from = this.#stack.findIndex((frame) => frame.node === entry);
    const frames = this.#stack.slice(from);
    const nodes = frames.map((frame) => frame.node);
    const failure = new Failure(cycleError(nodes), new Set(nodes), true);
    for (const frame of frames) frame.poison = failure;
  }

  /** Once the node entered first is done, all on the cycle get one height: they are dirty together or not at all. */
  #levelCycle(failure: Failure<O, P>, node: Node<O, P>): void {
    const [entry] = failure.origins;
    if (node !== entry) return;
    node.isOnStack = false;
    const height = Math.max(...Array.from(failure.origins, (member) => member.height));
    for (const member of failure.origins) this.#raise(member, height);
  }

  #soil(node: Node<O, P>): void {
    if (node.isDirty || node.settledIn === this.#epoch) return;
    node.isDirty = true;
    this.#queue.push(node);
    const { outcome } = node;
    if (outcome instanceof Failure && outcome.isCycleOf(node)) for (const member of outcome.origins) this.#soil(member);
  }

  /** Sets the height and lifts readers above it. */
  #raise(node: Node<O, P>, height: number): void {
    const mustLift = height > node.height;
    node.height = height;
    const lifted = mustLift ? [node] : [];
    for (let source = lifted.pop(); source !== undefined; source = lifted.pop()) {
      if (source.height > MAX_HEIGHT) this.#tooDeep(source);
      for (const reader of readersOf(source)) {
        const least = isSameCycle(source, reader) ? source.height : source.height + 1;
        if (reader.isOnStack || reader.height >= least) continue;
        reader.height = least;
        lifted.push(reader);
      }
    }
  }

  /** Not a failure of the node alone: whether the limit is met may depend on where the evaluation came from. */
  #tooDeep(node: Node<O, P>): GraphError {
    const problem = `queries that read queries are nested more than ${MAX_HEIGHT} levels deep`;
    const error = new GraphError('ERR_GRAPH_TOO_DEEP', `Cannot compute ${nameOf(node)}: ${problem}`);
    this.#options.failed(error);
    return error;
  }

  #link(node: Node<O, P>, next: readonly Source<O, P>[]): void {
    const previous = node.dependencies;
    let same = 0;
    while (same < next.length && next[same] === previous[same]) same += 1;
    if (same === next.length && same === previous.length) return;
    this.#edges += next.length - previous.length;
    node.dependencies = next.length === 0 ? NONE : next.slice(); // the frame's array has room to grow
    const kept = new Set(next.slice(same));
    for (const source of kept) source.addReader(node);
    for (const source of previous.slice(same)) if (!kept.has(source)) this.#unlink(node, source);
  }

  #unlink(node: Node<O, P>, source: Source<O, P>): void {
    source.removeReader(node);
    this.#unread.push(source);
  }

  #remove(node: Node<O, P>): void {
    if (!isPresent(node)) return;
    const { outputs, ledger } = this.#options;
    for (const source of node.dependencies) this.#unlink(node, source);
    this.#edges -= node.dependencies.length;
    node.dependencies = NONE;
    outputs.replace(node, NONE);
    node.problems = ledger.replace(node.problems, NONE);
    node.isDirty = false; // it may still wait in the queue
  }
}

function isPresent<O, P>(node: Node<O, P>): boolean {
  return node.state.nodes.get(node.key) === node;
}
