import type { KubernetesObject, ObjectReference } from '@koko/translator';

/** Objects as last seen; metadata suffice. */
export interface ReportedObjects {
  find(reference: ObjectReference): KubernetesObject | undefined;
}

/** What an Event says of an object. */
export interface EventReport {
  readonly object: KubernetesObject;
  /** For machines, e.g. `KongConfigurationTranslationFailed`. */
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** An Event of this kind that is younger is left as it is, unless `seen` names it. */
  readonly leastAgeMs: number;
  /** The Event as last written or found; it is to be repeated. */
  readonly seen?: SeenEvent;
}

export interface SeenEvent {
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

/** `present`: there is a young one already. `conflict`: somebody else is at it. `refused`: it would be again. */
export type EventOutcome =
  | { readonly result: 'written' | 'present'; readonly seen: SeenEvent }
  | { readonly result: 'conflict' }
  | { readonly result: 'refused'; readonly error: unknown };

/** Writes Events of type Warning into a cluster, one for each object, reason and message. */
export interface EventWriter {
  /** @throws When the cluster cannot be reached or is busy; a `retryAfterMs` of the error is respected. */
  write(report: EventReport, signal: AbortSignal): Promise<EventOutcome>;
}
