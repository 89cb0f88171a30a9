import { compareBytes } from './byte-order.ts';
import type { Node } from './node.ts';
import { InputCell } from './input-cell.ts';

/** Names an input object, whether it is there or not. */
export interface InputName {
  readonly kind: string;
  readonly key: string;
}

/** Inputs that queries have begun and ceased to look at, in byte order of kind and key. */
export interface DemandDiff {
  readonly demanded: readonly InputName[];
  readonly released: readonly InputName[];
}

/** Whether each place of one kind was read before the current change, for the places whose first reader came or last one went. */
export class KindDemand {
  readonly #wasRead = new Map<string, boolean>();

  /** The first note of a change is the one that counts. */
  note(key: string, wasRead: boolean): void {
    if (!this.#wasRead.has(key)) this.#wasRead.set(key, wasRead);
  }

  /** Keys with whether they were read, of places noted since the last time. */
  take(): readonly (readonly [string, boolean])[] {
    const noted = [...this.#wasRead];
    this.#wasRead.clear();
    return noted;
  }
}

/** A place of a kind whose demand is reported. */
export class DemandedCell<O, P> extends InputCell<O, P> {
  readonly #demand: KindDemand;

  constructor(home: Map<string, InputCell<O, P>>, key: string, demand: KindDemand) {
    super(home, key);
    this.#demand = demand;
  }

  override addReader(node: Node<O, P>): void {
    if (this.readers === undefined) this.#demand.note(this.key, false);
    super.addReader(node);
  }

  override removeReader(node: Node<O, P>): void {
    const wasRead = this.readers !== undefined;
    super.removeReader(node);
    if (wasRead && this.readers === undefined) this.#demand.note(this.key, true);
  }
}

export function compareNames(a: InputName, b: InputName): number {
  return compareBytes(a.kind, b.kind) || compareBytes(a.key, b.key);
}
