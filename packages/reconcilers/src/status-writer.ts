import type { KubernetesObject, ObjectReference } from '@koko/translator';

/** Objects as last seen, with their status, `generation`, `uid` and `resourceVersion`. */
export interface StatusObjects {
  find(reference: ObjectReference): KubernetesObject | undefined;
}

/** Where clients reach the data planes. */
export type PublishedAddress = { readonly ip: string } | { readonly hostname: string };

/** The addresses to publish; none while they are not known. */
export interface AddressSource {
  current(): readonly PublishedAddress[];
  /** @returns Ends the subscription. */
  onChange(listener: () => void): () => void;
}

/** An object at the version at which it was looked at. */
export interface StatusTarget {
  readonly reference: ObjectReference;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** What became of a write: `conflict`: the object is at another version; `gone`: there is none; `refused`: it would be again. */
export type StatusWriteOutcome =
  | { readonly result: 'written'; readonly resourceVersion: string }
  | { readonly result: 'conflict' | 'gone' }
  | { readonly result: 'refused'; readonly error: unknown };

/** Writes status into a cluster. */
export interface StatusWriter {
  /**
   * Sets top-level fields of an object's status, if the object is still at that version.
   * @throws When the cluster cannot be reached or is busy; a `retryAfterMs` of the error is respected.
   */
  write(
    target: StatusTarget,
    status: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<StatusWriteOutcome>;
}
