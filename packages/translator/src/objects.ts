import type { EntityType, Problem } from '@koko/model';

/** A Kubernetes object as an API server or a manifest holds it; everything but the identity is checked before use. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** The parts of `metadata` that translation reads. */
export interface ObjectMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** RFC 3339, second resolution; absent in manifests that no API server has seen. */
  readonly creationTimestamp?: string;
  /** Of objects under deletion: when they are to be gone. A source drops them when it has passed; translation does not look at it. */
  readonly deletionTimestamp?: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Names one object. `namespace` is absent for cluster-scoped kinds. */
export interface ObjectReference {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** An object as it is now; `undefined` when it is gone. Never the event itself: repeated or missed ones do no harm. */
export interface ObjectChange {
  readonly reference: ObjectReference;
  readonly object: KubernetesObject | undefined;
}

/** Something that keeps (a part of) an object from taking effect. */
export interface ObjectProblem extends Problem {
  /** The objects to blame, at least one. `path` is within the first. */
  readonly objects: readonly [ObjectReference, ...ObjectReference[]];
}

/** A Kong entity made from Kubernetes objects, before the model fills in defaults. References are `{ id }`. */
export interface TranslatedEntity {
  readonly type: EntityType;
  readonly id: string;
  readonly entity: Readonly<Record<string, unknown>>;
  /** The object it stems from, to which a later refusal is reported. */
  readonly source: ObjectReference;
}

/** What one batch of object changes means for the Kong configuration. */
export interface TranslationDiff {
  readonly upserts: readonly TranslatedEntity[];
  readonly deletes: readonly { readonly type: EntityType; readonly id: string }[];
  readonly problemsAdded: readonly ObjectProblem[];
  readonly problemsRemoved: readonly ObjectProblem[];
  /**
   * Objects of kinds that are not ingested `always` to which translation now refers, whether they are there or not. Nothing
   * changes by leaving out all others (those that follow a demanded one apart).
   */
  readonly demanded: readonly ObjectReference[];
  /** Those to which it refers no longer. */
  readonly released: readonly ObjectReference[];
  /** Objects of kinds with a status that have come to be ours: of our class, or used by one that is. */
  readonly accepted: readonly ObjectReference[];
  /** Those that have ceased to be, or are gone. */
  readonly disowned: readonly ObjectReference[];
}
