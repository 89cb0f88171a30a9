import { generateCertificatePair } from 'iic';
import type { WrittenObject } from '@koko/api-server';

/** Where one shop of a test is: its namespace and its number in it. */
export interface Shop {
  readonly namespace: string;
  readonly number: number;
}

const SECRETS_PER_NAMESPACE = 10;

export function namespaceObject(name: string): WrittenObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** Every Ingress with two rules, every third with a third; ten Secrets are shared by all Ingresses of a namespace. */
export function ingressOf({ namespace, number }: Shop, { path = '/', className = 'kong' } = {}): WrittenObject {
  const host = `shop-${number}.${namespace}.example.com`;
  const backend = { service: { name: `shop-${number}`, port: { number: 80 } } };
  const neighbour = { service: { name: `shop-${number - (number % 3)}`, port: { name: 'http' } } };
  const rule = (prefix: string, to: object): object => ({
    host: `${prefix}${host}`,
    http: { paths: [{ path, pathType: 'Prefix', backend: to }] },
  });
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: `shop-${number}`, namespace },
    spec: {
      ingressClassName: className,
      tls: [{ hosts: [host], secretName: `tls-${number % SECRETS_PER_NAMESPACE}` }],
      rules: [rule('', backend), ...(number % 3 === 1 ? [rule('www.', neighbour)] : [])],
    },
  };
}

/** Headless: an API server takes ten times as long to create one that needs an address. */
export function serviceOf({ namespace, number }: Shop, targetPort = 8080): WrittenObject {
  const spec = { clusterIP: 'None', ports: [{ name: 'http', port: 80, targetPort, protocol: 'TCP' }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: `shop-${number}`, namespace }, spec };
}

export function sliceOf({ namespace, number }: Shop, lastByte = 1, city = 'Zürich 🏔'): WrittenObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `shop-${number}-x`,
      namespace,
      labels: { 'kubernetes.io/service-name': `shop-${number}` },
      annotations: { city }, // not ASCII, so that bytes may be cut inside a character
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      { addresses: [`10.${number >> 8}.${number & 255}.${lastByte}`], conditions: { ready: true } },
      { addresses: [`10.${number >> 8}.${number & 255}.250`], conditions: { ready: number % 2 === 0 } },
    ],
  };
}

/** All objects of shops `0` to `count - 1` in a namespace, their Secrets included. */
export async function shopsIn(namespace: string, count: number): Promise<readonly WrittenObject[]> {
  const shops = Array.from({ length: count }, (_, number) => ({ namespace, number }));
  const secrets = Array.from({ length: SECRETS_PER_NAMESPACE }, (_, number) => secretOf({ namespace, number }));
  return [
    ...(await Promise.all(secrets)),
    ...shops.flatMap((shop) => [serviceOf(shop), sliceOf(shop), ingressOf(shop)]),
  ];
}

/** A TLS Secret with a certificate of its own, another one each time. */
export async function secretOf({ namespace, number }: Shop): Promise<WrittenObject> {
  const { certificate, key } = await generateCertificatePair(`tls-${number}.${namespace}.example.com`);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `tls-${number}`, namespace },
    type: 'kubernetes.io/tls',
    data,
  };
}

export function ingressClass(name: string, spec: Readonly<Record<string, unknown>> = {}): WrittenObject {
  const controller = 'ingress-controllers.konghq.com/kong';
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IngressClass',
    metadata: { name },
    spec: { controller, ...spec },
  };
}
