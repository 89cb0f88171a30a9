import { translatedKinds } from '@koko/translator';
import type { ObjectReference, TranslatedKind } from '@koko/translator';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { resourceName, resourcePath } from './resource-path.ts';

export interface ClusterStatusWriterOptions {
  readonly client: ApiClient;
  /** Of all objects whose status may be written. Default: `translatedKinds`. */
  readonly kinds?: readonly TranslatedKind[];
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
  | { readonly result: 'refused'; readonly error: ApiError };

/** Writes the status of objects at an API server, by one patch each. */
export class ClusterStatusWriter {
  readonly #client: ApiClient;
  readonly #kinds: ReadonlyMap<string, TranslatedKind>;

  constructor({ client, kinds = translatedKinds }: ClusterStatusWriterOptions) {
    this.#client = client;
    this.#kinds = new Map(kinds.map((kind) => [kind.kind, kind]));
  }

  /**
   * Sets top-level fields of an object's status, if the object is still at that version.
   * @throws {ApiError} When the server cannot be reached or asks to be left alone. Or the reason of `signal`.
   */
  async write(
    { reference, uid, resourceVersion }: StatusTarget,
    status: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<StatusWriteOutcome> {
    const kind = this.#kinds.get(reference.kind);
    if (kind === undefined) return { result: 'gone' };
    const request = {
      verb: 'patch',
      resource: `${resourceName(kind)}/status`,
      path: `${resourcePath(kind, reference.namespace, reference.name)}/status`,
      // The version alone could be that of another object after the server lost its data and began to count anew.
      body: { metadata: { uid, resourceVersion }, status },
    } as const;
    try {
      const { metadata } = await this.#client.request(request, signal);
      const { resourceVersion: written } = (metadata ?? {}) as { readonly resourceVersion?: unknown }; // checked below
      return { result: 'written', resourceVersion: typeof written === 'string' ? written : '' };
    } catch (error) {
      if (error instanceof ApiError) return outcomeOf(error);
      throw error;
    }
  }
}

function outcomeOf(error: ApiError): StatusWriteOutcome {
  switch (error.code) {
    case 'ERR_KUBERNETES_CONFLICT':
      return { result: 'conflict' };
    case 'ERR_KUBERNETES_NOT_FOUND':
      return { result: 'gone' };
    case 'ERR_KUBERNETES_FORBIDDEN':
    case 'ERR_KUBERNETES_INVALID':
      return { result: 'refused', error };
    default:
      throw error;
  }
}
