import type { KubernetesObject, ObjectMetadata, ObjectReference } from '../objects.ts';

/** A kind that translation reads. */
export interface TranslatedKind {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The name under which an API server serves the kind. */
  readonly resource: string;
  readonly namespaced: boolean;
  /**
   * `always`: given to the translator as it is. `referenced`: only while translation refers to it. `fetched`: watched by
   * metadata alone, its content fetched while translation refers to it.
   */
  readonly ingest: 'always' | 'referenced' | 'fetched';
  /** Counts as referred to when the object of that kind which this label names, in the same namespace, is. */
  readonly follows?: { readonly kind: string; readonly label: string };
  /** What the controller reports on objects that are ours: the addresses of data planes, or a condition `Programmed`. */
  readonly status?: 'loadBalancer' | 'programmed';
}

/** Everything that a source should read for the translator; objects of other kinds, groups or versions are ignored. */
export const translatedKinds = [
  {
    kind: 'Ingress',
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'ingresses',
    namespaced: true,
    ingest: 'always',
    status: 'loadBalancer',
  },
  {
    kind: 'IngressClass',
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'ingressclasses',
    namespaced: false,
    ingest: 'always',
  },
  {
    kind: 'IngressClassParameters',
    group: 'configuration.konghq.com',
    version: 'v1alpha1',
    resource: 'ingressclassparameterses',
    namespaced: true,
    ingest: 'always',
  },
  { kind: 'Service', group: '', version: 'v1', resource: 'services', namespaced: true, ingest: 'referenced' },
  {
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    version: 'v1',
    resource: 'endpointslices',
    namespaced: true,
    ingest: 'referenced',
    follows: { kind: 'Service', label: 'kubernetes.io/service-name' },
  },
  {
    kind: 'KongServiceFacade',
    group: 'incubator.ingress-controller.konghq.com',
    version: 'v1alpha1',
    resource: 'kongservicefacades',
    namespaced: true,
    ingest: 'referenced',
    status: 'programmed',
  },
  { kind: 'Secret', group: '', version: 'v1', resource: 'secrets', namespaced: true, ingest: 'fetched' },
] as const satisfies readonly TranslatedKind[];

/** Name of a kind that translation reads. */
export type TranslatedKindName = (typeof translatedKinds)[number]['kind'];

const byKind = new Map<string, TranslatedKind>(translatedKinds.map((entry) => [entry.kind, entry]));

/** The namespace of namespaced objects that name none, as with `kubectl apply`. */
const DEFAULT_NAMESPACE = 'default';

/**
 * Names an object. A namespaced kind of the table without a namespace is in `default`; a cluster-scoped one has none,
 * whatever its metadata say.
 */
export function referenceOf(object: KubernetesObject): ObjectReference {
  const { namespace, name = '' } = (object.metadata as Partial<ObjectMetadata> | undefined) ?? {}; // nobody has checked it
  return normalizeReference({ kind: object.kind, name, ...(namespace === undefined ? {} : { namespace }) });
}

/** Text that is equal for equal references only. */
export function referenceKey({ kind, namespace, name }: ObjectReference): string {
  return `${kind}/${namespace ?? ''}/${name}`;
}

export function normalizeReference(reference: ObjectReference): ObjectReference {
  const { kind, namespace, name } = reference;
  const scope = byKind.get(kind);
  if (scope === undefined) return reference;
  return scope.namespaced ? { kind, namespace: namespace || DEFAULT_NAMESPACE, name } : { kind, name };
}

/** The reference of an object of the kind by its key in the translator. */
export function referenceOfKey(kind: string, key: string): ObjectReference {
  const slash = key.indexOf('/');
  return slash < 0 ? { kind, name: key } : { kind, namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function isTranslatedKind(kind: string): kind is TranslatedKindName {
  return byKind.has(kind);
}

/** Tells an Ingress of networking.k8s.io/v1 from one of another group or version, which has another shape. */
export function isTranslatedVersion(kind: TranslatedKindName, apiVersion: unknown): boolean {
  const entry = byKind.get(kind);
  return entry !== undefined && apiVersion === (entry.group === '' ? entry.version : `${entry.group}/${entry.version}`);
}

/** Whether the translator reads objects like this one; a source may drop all others. */
export function isTranslated({ kind, apiVersion }: KubernetesObject): boolean {
  return isTranslatedKind(kind) && isTranslatedVersion(kind, apiVersion);
}

/** `namespace/name`, or the name of a cluster-scoped object. Unambiguous, as neither part may hold a slash. */
export function objectKey({ namespace, name }: Pick<ObjectReference, 'namespace' | 'name'>): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Whether `text` can be a name in a Kubernetes object path. */
export function isPathSegment(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && !text.includes('/');
}
