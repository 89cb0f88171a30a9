import type { KubernetesObject } from '../src/index.ts';

export interface IngressForTest {
  readonly backend?: string;
  readonly path?: string;
  readonly className?: string | undefined;
}

/** An Ingress of namespace shop with one host and one path; by default it leads to the Service of its own name. */
export function ingress(name: string, options: IngressForTest = {}): KubernetesObject {
  const { backend = name, path = '/' } = options;
  const className = 'className' in options ? options.className : 'kong';
  const service = { name: backend, port: { number: 80 } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'shop' },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      rules: [{ host: `${name}.example.com`, http: { paths: [{ path, pathType: 'Prefix', backend: { service } }] } }],
    },
  };
}

export function service(
  name: string,
  metadata: { readonly annotations?: Record<string, string> } = {},
): KubernetesObject {
  const ports = [{ port: 80, targetPort: 8080, protocol: 'TCP' }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'shop', ...metadata }, spec: { ports } };
}

/** The one slice of the Service of that name. */
export function endpointSlice(name: string, addresses: readonly string[]): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  };
}
