import { GraphError } from './graph-error.ts';
import { compareNodes, Failure, nameOf, type Node } from './node.ts';

/** Whether the two are on one cycle. */
export function isSameCycle<O, P>(a: Node<O, P>, b: Node<O, P>): boolean {
  const { outcome } = a;
  return outcome === b.outcome && outcome instanceof Failure && outcome.isCycleOf(a) && outcome.isCycleOf(b);
}

/** Begins with the smallest, so that one cycle has one message. */
export function cycleError<O, P>(nodes: readonly Node<O, P>[]): GraphError {
  const [first] = [...nodes].sort(compareNodes);
  const from = first === undefined ? 0 : nodes.indexOf(first);
  const path = [...nodes.slice(from), ...nodes.slice(0, from + 1)].map(nameOf).join(' reads ');
  return new GraphError('ERR_GRAPH_CYCLE', `Cannot compute queries that wait for their own results: ${path}`);
}
