import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { KubernetesObject } from '../src/index.ts';
import { parseCase } from './golden-case.ts';

/** Key pairs `one` and `two` of a golden case. */
const [pairOne, pairTwo] = parseCase(readFileSync(new URL('../testdata/tls-claims.in.yaml', import.meta.url), 'utf8'))
  .objects.filter(({ kind }) => kind === 'Secret')
  .map(({ stringData }) => stringData);

const name = fc.constantFrom('a', 'b', 'a.b');
const times = fc.constantFrom(undefined, '2024-01-01T00:00:00Z', '2024-02-01T00:00:00Z');
const serviceBackend = fc.record({
  service: fc.record({ name: fc.constantFrom('a', 'b'), port: fc.constantFrom({ number: 80 }, { name: 'http' }, {}) }),
});
const facadeBackend = name.map((facade) => ({
  resource: { apiGroup: 'incubator.ingress-controller.konghq.com', kind: 'KongServiceFacade', name: facade },
}));
const backend = fc.oneof({ arbitrary: serviceBackend, weight: 3 }, facadeBackend);
const path = fc.record({ path: fc.constantFrom('/', '/x+', '/~y'), pathType: fc.constant('Prefix'), backend });
const rule = fc.record({
  host: fc.constantFrom('h.com', 'b.h.com', '*.h.com', '_.h.com'),
  http: fc.record({ paths: fc.array(path, { maxLength: 2 }) }),
});
const tls = fc.record({
  hosts: fc.subarray(['h.com', 'b.h.com', '*.h.com']),
  secretName: fc.constantFrom('a', 'b'),
});

type Fields = Readonly<Record<string, unknown>>;

function objects(apiVersion: string, kind: string, fields: fc.Arbitrary<Fields>): fc.Arbitrary<KubernetesObject> {
  const annotations = fc.constantFrom({}, { 'konghq.com/tags': 'x' }, { 'kubernetes.io/ingress.class': 'kong' });
  return fc
    .record({ name, creationTimestamp: times, annotations, fields })
    .map(({ fields: own, ...metadata }) =>
      withoutAbsent({ apiVersion, kind, metadata: { namespace: 'shop', ...metadata }, ...own }),
    );
}

/** As YAML or JSON would have it, which know no `undefined`. */
function withoutAbsent(object: object): KubernetesObject {
  return JSON.parse(JSON.stringify(object)) as KubernetesObject; // nothing but plain data goes in
}

const ingresses = objects(
  'networking.k8s.io/v1',
  'Ingress',
  fc.record({
    spec: fc.record({
      ingressClassName: fc.constantFrom(undefined, 'kong', 'kong', 'nginx'),
      defaultBackend: fc.option(backend, { nil: undefined }),
      rules: fc.array(rule, { maxLength: 2 }),
      tls: fc.array(tls, { maxLength: 2 }),
    }),
  }),
);
const services = objects(
  'v1',
  'Service',
  fc.record({
    spec: fc.record({
      type: fc.constantFrom('ClusterIP', 'ClusterIP', 'ExternalName'),
      externalName: fc.constant('x.example.net'),
      ports: fc.subarray([
        { name: 'http', port: 80, protocol: 'TCP' },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ]),
    }),
  }),
);
const slices = fc
  .record({ service: name, addresses: fc.subarray(['10.0.0.1', '10.0.0.2', '::1']), sliceName: name })
  .map(({ service, addresses, sliceName }) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: sliceName, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } },
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  }));
const secrets = objects(
  'v1',
  'Secret',
  fc.record({ stringData: fc.constantFrom(pairOne, pairOne, pairTwo, {}, 'text') }),
);
const classes = fc.constantFrom('true', 'false').map((isDefault) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'kong', annotations: { 'ingressclass.kubernetes.io/is-default-class': isDefault } },
  spec: {
    parameters: {
      apiGroup: 'configuration.konghq.com',
      kind: 'IngressClassParameters',
      scope: 'Namespace',
      namespace: 'shop',
      name: 'a',
    },
  },
}));
const parameters = objects(
  'configuration.konghq.com/v1alpha1',
  'IngressClassParameters',
  fc.record({ spec: fc.record({ serviceUpstream: fc.boolean(), enableLegacyRegexDetection: fc.boolean() }) }),
);

const facades = objects(
  'incubator.ingress-controller.konghq.com/v1alpha1',
  'KongServiceFacade',
  fc.record({
    spec: fc.record({ backendRef: fc.record({ name: fc.constantFrom('a', 'b'), port: fc.constantFrom(80, 53) }) }),
  }),
);

/** Objects of all kinds, with so few names that they refer to each other and contend. */
export const anyObject: fc.Arbitrary<KubernetesObject> = fc.oneof(
  { arbitrary: ingresses, weight: 4 },
  { arbitrary: services, weight: 2 },
  slices,
  { arbitrary: secrets, weight: 2 },
  classes,
  parameters,
  facades,
);
/** A history of edits. */
export const steps = fc.array(fc.record({ object: anyObject, isGone: fc.constantFrom(false, false, true) }), {
  maxLength: 40,
});

/** With everything on that the objects use. */
export const featureGates = { KongServiceFacade: true };
