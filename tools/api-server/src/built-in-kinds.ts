import {
  prepareEndpointSlice,
  prepareIngress,
  prepareNamespace,
  prepareSecret,
  servicePreparer,
} from './built-in-defaults.ts';
import { prepareDefinition } from './custom-kinds.ts';
import { eventFromCore, eventToCore } from './event-versions.ts';
import { servedKind } from './served-kind.ts';
import type { KindDescription, ServedKind } from './served-kind.ts';

const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'reason',
  'type',
];

const core = { group: '', version: 'v1' } as const;
const networking = { group: 'networking.k8s.io', version: 'v1' } as const;

/** The kinds every server has from the start. */
export function builtInKinds(): readonly ServedKind[] {
  return descriptions().map(servedKind);
}

function descriptions(): readonly KindDescription[] {
  return [
    {
      ...core,
      kind: 'Namespace',
      plural: 'namespaces',
      shortNames: ['ns'],
      namespaced: false,
      hasStatus: true,
      prepare: prepareNamespace,
      columns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }],
    },
    {
      ...core,
      kind: 'Service',
      plural: 'services',
      createsOnUpdate: true,
      shortNames: ['svc'],
      categories: ['all'],
      hasStatus: true,
      prepare: servicePreparer(),
      columns: [
        { name: 'Type', type: 'string', jsonPath: '.spec.type' },
        { name: 'Cluster-IP', type: 'string', jsonPath: '.spec.clusterIP' },
      ],
    },
    { ...core, kind: 'Endpoints', plural: 'endpoints', shortNames: ['ep'], createsOnUpdate: true },
    {
      ...core,
      kind: 'Secret',
      plural: 'secrets',
      prepare: prepareSecret,
      selectableFields: ['type'],
      columns: [{ name: 'Type', type: 'string', jsonPath: '.type' }],
    },
    { ...core, kind: 'ConfigMap', plural: 'configmaps', shortNames: ['cm'] },
    {
      ...core,
      kind: 'Event',
      plural: 'events',
      shortNames: ['ev'],
      storageKey: 'events',
      createsOnUpdate: true,
      selectableFields: EVENT_FIELDS,
      columns: [
        { name: 'Type', type: 'string', jsonPath: '.type' },
        { name: 'Reason', type: 'string', jsonPath: '.reason' },
        { name: 'Object', type: 'string', jsonPath: '.involvedObject.name' },
        { name: 'Message', type: 'string', jsonPath: '.message' },
      ],
    },
    {
      group: 'events.k8s.io',
      version: 'v1',
      kind: 'Event',
      plural: 'events',
      shortNames: ['ev'],
      storageKey: 'events',
      createsOnUpdate: true,
      toStored: eventToCore,
      fromStored: eventFromCore,
    },
    { ...core, kind: 'Node', plural: 'nodes', shortNames: ['no'], namespaced: false, hasStatus: true },
    {
      ...core,
      kind: 'Pod',
      plural: 'pods',
      shortNames: ['po'],
      categories: ['all'],
      hasStatus: true,
      hasGeneration: true,
      selectableFields: ['spec.nodeName', 'status.phase'],
      columns: [{ name: 'Status', type: 'string', jsonPath: '.status.phase' }],
    },
    {
      group: 'discovery.k8s.io',
      version: 'v1',
      kind: 'EndpointSlice',
      plural: 'endpointslices',
      hasGeneration: true,
      prepare: prepareEndpointSlice,
      columns: [{ name: 'AddressType', type: 'string', jsonPath: '.addressType' }],
    },
    {
      ...networking,
      kind: 'Ingress',
      plural: 'ingresses',
      shortNames: ['ing'],
      hasStatus: true,
      hasGeneration: true,
      prepare: prepareIngress,
      columns: [
        { name: 'Class', type: 'string', jsonPath: '.spec.ingressClassName' },
        { name: 'Hosts', type: 'string', jsonPath: '.spec.rules[*].host' },
        { name: 'Address', type: 'string', jsonPath: '.status.loadBalancer.ingress[*].ip' },
      ],
    },
    {
      ...networking,
      kind: 'IngressClass',
      plural: 'ingressclasses',
      namespaced: false,
      hasGeneration: true,
      columns: [{ name: 'Controller', type: 'string', jsonPath: '.spec.controller' }],
    },
    {
      group: 'coordination.k8s.io',
      version: 'v1',
      kind: 'Lease',
      plural: 'leases',
      createsOnUpdate: true,
      allowsUnconditionalUpdate: false,
      columns: [{ name: 'Holder', type: 'string', jsonPath: '.spec.holderIdentity' }],
    },
    {
      group: 'apiextensions.k8s.io',
      version: 'v1',
      kind: 'CustomResourceDefinition',
      plural: 'customresourcedefinitions',
      prepare: prepareDefinition,
      shortNames: ['crd', 'crds'],
      namespaced: false,
      hasStatus: true,
      hasGeneration: true,
      allowsUnconditionalUpdate: false,
    },
  ];
}
