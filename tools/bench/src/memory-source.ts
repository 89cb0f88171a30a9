import { referenceKey, referenceOf } from '@koko/translator';
import type { KubernetesObject, ObjectReference } from '@koko/translator';
import type { Demanded, ObjectSource } from '@koko/reconcilers';

/** Objects in memory, handed on at once: a source that costs nothing, so that the rest is what gets measured. */
export class MemorySource implements ObjectSource {
  readonly #objects = new Map<string, KubernetesObject>();
  #changed: ObjectReference[] = [];
  #wake = (): void => {};

  set(objects: readonly KubernetesObject[]): void {
    for (const object of objects) {
      const reference = referenceOf(object);
      this.#objects.set(referenceKey(reference), object);
      this.#changed.push(reference);
    }
    this.#wake();
  }

  async synced(): Promise<void> {}

  find(reference: ObjectReference): KubernetesObject | undefined {
    return this.#objects.get(referenceKey(reference));
  }

  /** None, as nothing waits for a demand. */
  guess(): readonly ObjectReference[] {
    return [];
  }

  /** Everything is given on at once, demanded or not. */
  demand(): Demanded {
    return { here: [], awaited: [] };
  }

  release(): readonly ObjectReference[] {
    return [];
  }

  async settled(): Promise<void> {}

  async *changes(signal: AbortSignal): AsyncGenerator<readonly ObjectReference[]> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const batch = this.#changed;
      this.#changed = [];
      if (batch.length > 0) yield batch;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
