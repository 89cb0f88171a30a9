import type { ObjectReference } from '@koko/translator';

/** References waiting to be looked at, each once however often it changed. One reader at a time. */
export class ChangeQueue {
  readonly #waiting = new Map<string, ObjectReference>();
  #wake: (() => void) | undefined;
  #hasBegun = false;

  add(reference: ObjectReference): void {
    this.#waiting.set(referenceKey(reference), reference);
    this.#wake?.();
  }

  /** Yields everything waiting as one batch, the first time even if nothing does; ends when `signal` aborts. */
  async *drain(signal: AbortSignal): AsyncGenerator<readonly ObjectReference[]> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        if (this.#waiting.size === 0 && this.#hasBegun) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          continue;
        }
        const batch = [...this.#waiting.values()];
        this.#waiting.clear();
        this.#hasBegun = true;
        yield batch;
      }
    } finally {
      this.#wake = undefined;
      signal.removeEventListener('abort', wake);
    }
  }
}

/** Text that is equal for equal references only. */
export function referenceKey({ kind, namespace, name }: ObjectReference): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}
