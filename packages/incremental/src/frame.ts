import { Failure, type Node, type Source } from './node.ts';
import type { Emission } from './query.ts';

const SEARCH_LIMIT = 16;

/** One run of a query while it lasts: what it has read and contributed so far. */
export class Frame<O, P> {
  readonly node: Node<O, P>;
  readonly emissions: Emission<O>[] = [];
  readonly problems: P[] = [];
  /** Set once the node turned out to be on a cycle: whatever its query returns, this is the outcome. */
  poison: Failure<O, P> | undefined = undefined;
  #dependencies: Source<O, P>[] = [];
  /** Beside the array once searching that would cost too much. */
  #seen: Set<Source<O, P>> | undefined = undefined;
  #received: Failure<O, P>[] | undefined = undefined;

  constructor(node: Node<O, P>) {
    this.node = node;
  }

  get dependencies(): readonly Source<O, P>[] {
    return this.#dependencies;
  }

  record(source: Source<O, P>): void {
    const sources = this.#dependencies;
    if (sources.length > SEARCH_LIMIT) {
      this.#seen ??= new Set(sources);
      if (this.#seen.has(source)) return;
      this.#seen.add(source);
    } else if (sources.includes(source)) return;
    sources.push(source);
  }

  /** Takes over what an earlier run read, as far as this one would read the same. */
  adopt(dependencies: readonly Source<O, P>[]): void {
    this.#dependencies = [...dependencies];
  }

  /** Notes the failure of a query that was read, and returns the error to throw for it. */
  receive(failure: Failure<O, P>): unknown {
    (this.#received ??= []).push(failure);
    return failure.error;
  }

  /** The outcome of a run that threw: what it received if it let that pass, otherwise a failure of its own. */
  failureFor(error: unknown): Failure<O, P> {
    return (
      this.#received?.find((failure) => failure.error === error) ?? new Failure(error, new Set([this.node]), false)
    );
  }
}
