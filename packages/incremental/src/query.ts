/** Kinds of input and the type of the objects held under each. */
export type Inputs = Record<string, object>;

/** Files every object of one kind under any number of values, so that queries can select by value. */
export interface Index<I extends Inputs, K extends keyof I & string = keyof I & string> {
  /** Unique in the graph. */
  readonly name: string;
  readonly kind: K;
  /** Values under which the object is filed; pure. An empty list files it nowhere. */
  valuesOf(object: I[K], key: string): readonly string[];
}

/** What a query may look at while it runs; everything looked at is recorded as a dependence. */
export interface Reads<I extends Inputs, Output, P> {
  /** The input object of that name, or `undefined`; its later arrival runs the query again. */
  object<K extends keyof I & string>(kind: K, key: string): I[K] | undefined;
  /** Keys of the objects that `index` files under `value`, in byte order. Read the objects themselves by `object`. */
  keys<K extends keyof I & string>(index: Index<I, K>, value: string): readonly string[];
  /** The result of another query, computed at most once per change however often it is read. */
  query<V>(query: Query<I, Output, P, V>, key: string): V;
  /** Contributes an output for as long as this query is needed and emits it. */
  emit(output: Emission<Output>): void;
  /** Contributes a problem for as long as this query is needed and reports it. */
  report(problem: P): void;
}

/** A pure function of its key and of what it reads; its result is memoised by key. */
export interface Query<I extends Inputs, Output, P, V> {
  /** Unique in the graph; the name under which runs are counted. */
  readonly name: string;
  compute(key: string, reads: Reads<I, Output, P>): V;
  /** Whether two results are the same to every reader. Default: deep equality of plain data. */
  equals?(a: V, b: V): boolean;
}

/** One contribution to an output. */
export interface Emission<Output> {
  /** Identity: contributions of one key become one output. */
  readonly key: string;
  readonly value: Output;
  /** Where contributions differ, the smallest rank in byte order wins, e.g. the older object's. */
  readonly rank: string;
}

/** A contribution and the query that made it. */
export interface Contributed<Output> extends Emission<Output> {
  readonly origin: { readonly query: string; readonly key: string };
}

/** The problem, if any, of a contribution that lost against a different one of its key. */
export type Conflict<Output, P> = (winner: Contributed<Output>, loser: Contributed<Output>) => P | undefined;
