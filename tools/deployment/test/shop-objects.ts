import type { CertificatePair } from 'iic';
import type { Manifest } from './helm.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const namespace = 'shop';

function ingress(name: string, spec: object): Manifest {
  const metadata = { name, namespace };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { ingressClassName: 'kong', ...spec } };
}

const to = (host: string, backend: object): object => ({
  rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
});

/** An object of every kind that is read, one of them with a mistake. */
export function shopObjects({ certificate, key }: CertificatePair): readonly Manifest[] {
  const tls = [{ hosts: ['shop.test'], secretName: 'shop-tls' }];
  const facade = { apiGroup: 'incubator.ingress-controller.konghq.com', kind: 'KongServiceFacade', name: 'front' };
  return [
    ingress('shop', { ...to('shop.test', { service: { name: 'cart', port: { number: 80 } } }), tls }),
    ingress('front', to('front.test', { resource: facade })),
    ingress('broken', to('broken.test', { service: { name: 'nowhere', port: { number: 80 } } })),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'cart', namespace },
      spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'cart-1', namespace, labels: { 'kubernetes.io/service-name': 'cart' } },
      addressType: 'IPv4',
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }],
    },
    {
      apiVersion: 'incubator.ingress-controller.konghq.com/v1alpha1',
      kind: 'KongServiceFacade',
      metadata: { name: 'front', namespace, annotations: { 'kubernetes.io/ingress.class': 'kong' } },
      spec: { backendRef: { name: 'cart', port: 80 } },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'shop-tls', namespace },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
    },
    {
      apiVersion: 'configuration.konghq.com/v1alpha1',
      kind: 'IngressClassParameters',
      metadata: { name: 'kong', namespace },
      spec: { serviceUpstream: false },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'proxy', namespace: 'gateways' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    },
  ];
}
