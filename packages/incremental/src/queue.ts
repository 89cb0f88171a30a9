import type { Node } from './node.ts';

/** Nodes to run again, lowest first, so that each runs after all that it reads. */
export class Queue<O, P> {
  readonly #levels: Node<O, P>[][] = [];
  /** No node waits below. */
  #lowest = 0;

  get lowest(): number {
    return this.#lowest;
  }

  push(node: Node<O, P>): void {
    const { height } = node;
    while (this.#levels.length <= height) this.#levels.push([]);
    this.#levels[height]?.push(node);
    if (height < this.#lowest) this.#lowest = height;
  }

  /** The next node that is still dirty, or `undefined`. A node that has risen since it was pushed waits for its turn. */
  pop(): Node<O, P> | undefined {
    for (; this.#lowest < this.#levels.length; this.#lowest += 1) {
      const level = this.#levels[this.#lowest] ?? [];
      for (let node = level.pop(); node !== undefined; node = level.pop()) {
        if (!node.isDirty) continue;
        if (node.height <= this.#lowest) return node;
        this.push(node);
      }
    }
    this.#levels.length = 0;
    return undefined;
  }
}
