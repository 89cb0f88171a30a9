import type { KubernetesObject, ObjectReference } from '@koko/translator';

/** Where objects come from: a cluster, or a directory of manifests. */
export interface ObjectSource {
  /** Settles once the source has seen everything there is. */
  synced(signal: AbortSignal): Promise<void>;
  /**
   * References of objects that came, changed or went, coalesced while the reader is busy. The first batch names all there
   * are that need no demand, and comes even when there are none: until then nothing is written.
   */
  changes(signal: AbortSignal): AsyncIterable<readonly ObjectReference[]>;
  /** The object as it is now. A source may keep back what nobody demands. */
  find(reference: ObjectReference): KubernetesObject | undefined;
  /**
   * References of objects that nobody has demanded yet and that this one probably refers to; `find` has them until the next
   * `demand`, which tells right guesses from wrong ones. It spares translating twice, and decides nothing.
   */
  guess(object: KubernetesObject): readonly ObjectReference[];
  /** From now on these objects are referred to, whether they exist or not. */
  demand(references: readonly ObjectReference[]): Demanded;
  /** They are no longer. Returns the references by which `find` has nothing any more. */
  release(references: readonly ObjectReference[]): readonly ObjectReference[];
  /**
   * Settles once these awaited objects are here, released, or known not to be had.
   * @throws The reason of `signal` when that aborts.
   */
  settled(references: readonly ObjectReference[], signal: AbortSignal): Promise<void>;
}

/** What a demand has brought. */
export interface Demanded {
  /** References by which `find` has something else from now on, wrong guesses among them; they do not come among the changes. */
  readonly here: readonly ObjectReference[];
  /** References of objects that exist and are on their way. */
  readonly awaited: readonly ObjectReference[];
}
