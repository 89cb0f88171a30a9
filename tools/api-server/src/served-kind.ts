import type { ApiObject } from './api-object.ts';

/** One column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  /** Dotted path, e.g. `.spec.ingressClassName`. */
  readonly jsonPath: string;
}

/** A kind at one version, as the server serves it. */
export interface ServedKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Whether `/status` exists, and so status in a write to the object itself is ignored. */
  readonly hasStatus: boolean;
  readonly hasGeneration: boolean;
  /** Whether an update without resourceVersion is taken as "whatever is there". */
  readonly allowsUnconditionalUpdate: boolean;
  /** Whether an update of what does not exist creates it. */
  readonly createsOnUpdate: boolean;
  readonly isCustom: boolean;
  /** Versions of one kind, and both groups of Event, share what they store. */
  readonly storageKey: string;
  readonly columns: readonly PrinterColumn[];
  /** Fields that `fieldSelector` may name besides metadata.name and metadata.namespace. */
  readonly selectableFields: readonly string[];
  /** Fills defaults into a new object, or into one that replaces `current`. */
  prepare(object: ApiObject, current?: ApiObject): ApiObject;
  toStored(object: ApiObject): ApiObject;
  fromStored(object: ApiObject): ApiObject;
}

export function groupVersionOf(kind: Pick<ServedKind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

export type KindDescription = Pick<ServedKind, 'group' | 'version' | 'kind' | 'plural'> & Partial<ServedKind>;

/** Completes what a kind's description leaves out. */
export function servedKind(description: KindDescription): ServedKind {
  const apiVersion = groupVersionOf(description);
  return {
    singular: description.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    hasStatus: false,
    hasGeneration: false,
    allowsUnconditionalUpdate: true,
    createsOnUpdate: false,
    isCustom: false,
    storageKey: `${description.group}/${description.plural}`,
    columns: [],
    selectableFields: [],
    prepare: (object) => object,
    toStored: (object) => object,
    fromStored: (object) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }),
    ...description,
  };
}
