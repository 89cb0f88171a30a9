import type { ObjectReference } from '@koko/translator';

/** `Ingress shop/web, Secret shop/tls` */
export function describeObjects(references: readonly ObjectReference[]): string {
  return references.map(describeObject).join(', ');
}

function describeObject({ kind, namespace, name }: ObjectReference): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
