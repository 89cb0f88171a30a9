import { compareNames, DemandedCell, KindDemand } from './demand.ts';
import type { DemandDiff, InputName } from './demand.ts';
import { GraphError } from './graph-error.ts';
import { InputCell } from './input-cell.ts';
import type { Source } from './node.ts';
import type { Index, Inputs } from './query.ts';
import { Selection } from './selection.ts';

interface IndexState<O, P> {
  readonly index: Index<Inputs, string>;
  readonly selections: Map<string, Selection<O, P>>;
}

export interface InputTableOptions<O, P> {
  readonly indexes: readonly Index<Inputs, string>[];
  /** Kinds of which it is told which objects are looked at. */
  readonly demandKinds: readonly string[];
  /** The source reads differently from now on. */
  changed(source: Source<O, P>): void;
  /** `valuesOf` threw for an object that comes (`isFailing`) or goes. */
  indexFailed(failure: { index: string; key: string; error: unknown; isFailing: boolean }): void;
}

/** The input objects by kind and key, and what the indexes make of them. */
export class InputTable<O, P> {
  readonly #options: InputTableOptions<O, P>;
  readonly #kinds = new Map<string, Map<string, InputCell<O, P>>>();
  readonly #states = new Map<object, IndexState<O, P>>();
  readonly #statesOfKind = new Map<string, IndexState<O, P>[]>();
  readonly #demands: ReadonlyMap<string, KindDemand>;

  constructor(options: InputTableOptions<O, P>) {
    this.#options = options;
    this.#demands = new Map(options.demandKinds.map((kind) => [kind, new KindDemand()]));
    const names = new Set<string>();
    for (const index of options.indexes) {
      if (names.has(index.name)) throw nameTaken(index.name);
      names.add(index.name);
      const state = { index, selections: new Map<string, Selection<O, P>>() };
      this.#states.set(index, state);
      this.#statesOfKind.set(index.kind, [...(this.#statesOfKind.get(index.kind) ?? []), state]);
    }
  }

  find(kind: string, key: string): object | undefined {
    return this.#kinds.get(kind)?.get(key)?.object;
  }

  /** The cell to read; made where there is none, so that a later arrival finds its readers. */
  cell(kind: string, key: string): InputCell<O, P> {
    let home = this.#kinds.get(kind);
    if (home === undefined) this.#kinds.set(kind, (home = new Map<string, InputCell<O, P>>()));
    return home.get(key) ?? this.#newCell(home, kind, key);
  }

  /** What queries of the demanded kinds look at, there or not, in byte order of kind and key. */
  demanded(): readonly InputName[] {
    const names: InputName[] = [];
    for (const kind of this.#demands.keys()) {
      for (const [key, { readers }] of this.#kinds.get(kind) ?? [])
        if (readers !== undefined) names.push({ kind, key });
    }
    return names.sort(compareNames);
  }

  /** How that differs from the last time. */
  flushDemand(): DemandDiff {
    const demanded: InputName[] = [];
    const released: InputName[] = [];
    for (const [kind, demand] of this.#demands) {
      for (const [key, wasRead] of demand.take()) {
        const isRead = this.#kinds.get(kind)?.get(key)?.readers !== undefined;
        if (isRead !== wasRead) (isRead ? demanded : released).push({ kind, key });
      }
    }
    return { demanded: demanded.sort(compareNames), released: released.sort(compareNames) };
  }

  /** @throws {GraphError} When the graph was made without that index. */
  selection(index: { readonly name: string }, value: string): Selection<O, P> {
    const state = this.#states.get(index);
    if (state === undefined) throw indexUnknown(index.name);
    return state.selections.get(value) ?? new Selection(state.selections, value);
  }

  put(kind: string, key: string, object: object | undefined): void {
    const cell = this.cell(kind, key);
    const before = cell.object;
    cell.object = object;
    this.#options.changed(cell);
    if (!cell.isNeeded) cell.discard();
    for (const state of this.#statesOfKind.get(kind) ?? []) this.#file(state, key, { before, after: object });
  }

  count(): { inputs: number; selections: number } {
    let inputs = 0;
    let selections = 0;
    for (const home of this.#kinds.values()) inputs += home.size;
    for (const state of this.#states.values()) selections += state.selections.size;
    return { inputs, selections };
  }

  #newCell(home: Map<string, InputCell<O, P>>, kind: string, key: string): InputCell<O, P> {
    const demand = this.#demands.get(kind);
    return demand === undefined ? new InputCell(home, key) : new DemandedCell(home, key, demand);
  }

  #file(state: IndexState<O, P>, key: string, change: { before: object | undefined; after: object | undefined }): void {
    const left = this.#valuesOf(state, key, { object: change.before, isFailing: false });
    const entered = this.#valuesOf(state, key, { object: change.after, isFailing: true });
    for (const value of left) if (!entered.has(value)) this.#move(state, key, { value, isMember: false });
    for (const value of entered) if (!left.has(value)) this.#move(state, key, { value, isMember: true });
  }

  #move(state: IndexState<O, P>, key: string, to: { value: string; isMember: boolean }): void {
    const selection = this.selection(state.index, to.value);
    if (to.isMember) selection.add(key);
    else selection.remove(key);
    this.#options.changed(selection);
    if (!selection.isNeeded) selection.discard();
  }

  #valuesOf(
    state: IndexState<O, P>,
    key: string,
    of: { object: object | undefined; isFailing: boolean },
  ): ReadonlySet<string> {
    if (of.object === undefined) return NO_VALUES;
    try {
      return new Set(state.index.valuesOf(of.object, key));
    } catch (error) {
      this.#options.indexFailed({ index: state.index.name, key, error, isFailing: of.isFailing });
      return NO_VALUES;
    }
  }
}

const NO_VALUES: ReadonlySet<string> = new Set();

export function nameTaken(name: string): GraphError {
  return new GraphError(
    'ERR_GRAPH_NAME_TAKEN',
    `Cannot tell two queries or two indexes named "${name}" apart: give each a name of its own and reuse one object`,
  );
}

function indexUnknown(name: string): GraphError {
  return new GraphError(
    'ERR_GRAPH_INDEX_UNKNOWN',
    `Cannot select by index "${name}": it is not among the indexes given to the graph`,
  );
}
