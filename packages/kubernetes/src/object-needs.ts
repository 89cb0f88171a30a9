import type { KubernetesObject, ObjectReference } from '@koko/translator';

/** Kinds that are followed by their metadata alone; the content of an object is fetched while something needs it. */
export const contentOnDemandKinds: ReadonlySet<string> = new Set(['Secret', 'ConfigMap']);

type NeedsOf = (object: KubernetesObject) => readonly ObjectReference[];

/** Which objects of those kinds an object refers to, by its kind. */
const needsByKind: Readonly<Record<string, NeedsOf>> = {
  Ingress: secretsOfIngress,
};

/** The objects whose content is needed because this object is there. */
export function needsOf(object: KubernetesObject | undefined): readonly ObjectReference[] {
  return (object && needsByKind[object.kind]?.(object)) ?? [];
}

function secretsOfIngress({ metadata, ...object }: KubernetesObject): readonly ObjectReference[] {
  // Whatever a user wrote: the schema of the API server is not relied on.
  const { tls } = (object['spec'] ?? {}) as { readonly tls?: unknown };
  const { namespace } = metadata;
  if (!Array.isArray(tls) || namespace === undefined) return [];
  const names = tls.map((section: { readonly secretName?: unknown } | null) => section?.secretName);
  const secrets = new Set(names.filter((name) => typeof name === 'string' && name !== ''));
  return [...secrets].map((name) => ({ kind: 'Secret', namespace, name: String(name) }));
}
