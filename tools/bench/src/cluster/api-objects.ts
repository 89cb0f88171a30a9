import type { KubernetesObject } from '@koko/translator';
import { endpointSlice, ingress, service } from '../cluster-objects.ts';

const NAMESPACES = 50;

/** Documentation address that the controller is told to publish. */
export const PUBLISHED_ADDRESS = '192.0.2.1';

/** What the objects of the benchmark need before they can be created. */
export function surroundings(): readonly KubernetesObject[] {
  const namespaces = Array.from({ length: NAMESPACES }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: `ns-${n}` },
  }));
  const ingressClass = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name: 'kong' },
    spec: { controller: 'ingress-controllers.konghq.com/kong' },
  };
  return [...namespaces, ingressClass];
}

/** The n-th Ingress as a client writes it. */
export function writtenIngress(n: number, path: string): KubernetesObject {
  return written(ingress(n, path));
}

/** The same with the status that the controller would write, so that it has nothing to write when it starts. */
export function publishedIngress(n: number, path: string): KubernetesObject {
  return { ...writtenIngress(n, path), status: { loadBalancer: { ingress: [{ ip: PUBLISHED_ADDRESS }] } } };
}

/** The n-th Service. Headless: giving out a ClusterIP costs the API server more than all the rest. */
export function writtenService(n: number): KubernetesObject {
  const { spec, ...object } = written(service(n));
  return { ...object, spec: { ...(spec as object), clusterIP: 'None' } }; // a Service's spec is an object
}

/** A slice of the n-th Service; the first one unless `part` says otherwise. */
export function writtenSlice(n: number, seed: number, part = 0): KubernetesObject {
  const { metadata, ...object } = written(endpointSlice(n, seed));
  return { ...object, metadata: { ...metadata, name: part === 0 ? metadata.name : `${metadata.name}-${part}` } };
}

/** Without what the API server sets itself. */
function written(object: KubernetesObject): KubernetesObject {
  const { uid: _uid, creationTimestamp: _creationTimestamp, ...metadata } = object.metadata;
  return { ...object, metadata };
}
