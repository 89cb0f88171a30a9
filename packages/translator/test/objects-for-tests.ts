import { readFileSync } from 'node:fs';
import type { KubernetesObject } from '../src/index.ts';
import { parseCase } from './golden-case.ts';

export interface IngressForTest {
  readonly backend?: string;
  readonly path?: string;
  readonly className?: string | undefined;
  /** Further fields of `spec`. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** An Ingress of namespace shop with one host and one path; by default it leads to the Service of its own name. */
export function ingress(name: string, options: IngressForTest = {}): KubernetesObject {
  const { backend = name, path = '/', spec = {} } = options;
  const className = 'className' in options ? options.className : 'kong';
  const service = { name: backend, port: { number: 80 } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'shop' },
    spec: {
      ...(className === undefined ? {} : { ingressClassName: className }),
      rules: [{ host: `${name}.example.com`, http: { paths: [{ path, pathType: 'Prefix', backend: { service } }] } }],
      ...spec,
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

/** A Secret of namespace shop with a key pair, the same for all. */
export function tlsSecret(name: string): KubernetesObject {
  return { ...secretWithPair, metadata: { ...secretWithPair.metadata, name } };
}

const secretWithPair = firstSecret(readFileSync(new URL('../testdata/tls-claims.in.yaml', import.meta.url), 'utf8'));

function firstSecret(text: string): KubernetesObject {
  const secret = parseCase(text).objects.find(({ kind }) => kind === 'Secret');
  if (secret === undefined) throw new Error('expected a Secret among the test data');
  return secret;
}
