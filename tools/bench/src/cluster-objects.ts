import type { KubernetesObject } from '@koko/translator';

const CREATED = Date.UTC(2024, 0, 1);

/** `count` Ingresses, each with a Service and a slice of two endpoints of its own: five Kong entities. */
export function clusterObjects(count: number): KubernetesObject[] {
  return Array.from({ length: count }, (_, n) => [ingress(n, '/'), service(n), endpointSlice(n, 10)]).flat();
}

/** The n-th Ingress, with one path. */
export function ingress(n: number, path: string): KubernetesObject {
  const backend = { service: { name: `app-${n}`, port: { number: 80 } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata(`app-${n}`, n, 1),
    spec: {
      ingressClassName: 'kong',
      rules: [{ host: `app-${n}.example.com`, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
    },
  };
}

/** The n-th Ingress's backend. */
export function service(n: number): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(`app-${n}`, n, 2),
    spec: { ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] },
  };
}

/** The n-th Service's endpoints, with two addresses that depend on `seed`. */
export function endpointSlice(n: number, seed: number): KubernetesObject {
  const address = (last: number): string => `10.${(n >> 8) & 255}.${n & 255}.${last & 255}`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata(`app-${n}-x`, n, 3), labels: { 'kubernetes.io/service-name': `app-${n}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [seed, seed + 1].map((last) => ({ addresses: [address(last)], conditions: { ready: true } })),
  };
}

function metadata(name: string, n: number, kind: number): KubernetesObject['metadata'] {
  const hex = n.toString(16).padStart(12, '0');
  return {
    name,
    namespace: `ns-${n % 50}`,
    uid: `0000000${kind}-0000-4000-8000-${hex}`,
    creationTimestamp: new Date(CREATED + n * 1000).toISOString().replace('.000', ''),
  };
}
