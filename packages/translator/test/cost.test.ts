import { describe, expect, it } from '@jest/globals';
import { Translator } from '../src/index.ts';
import type { KubernetesObject } from '../src/index.ts';
import { endpointSlice, ingress, service, tlsSecret } from './objects-for-tests.ts';
import { put, remove } from './put-and-remove.ts';

/** Queries that ran while `change` was made, and how often. */
function runsOf(translator: Translator, change: () => void): Readonly<Record<string, number>> {
  const before = translator.runs();
  change();
  const counts = Object.entries(translator.runs()).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

function numbered<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_item, index) => make(index));
}

function tlsIngress(name: string, host: string, path?: string): KubernetesObject {
  const tls = [{ hosts: [host], secretName: 'pair' }];
  return ingress(name, { backend: 'web', spec: { tls }, ...(path === undefined ? {} : { path }) });
}

function defaultIngress(name: string): KubernetesObject {
  const defaultBackend = { service: { name: 'web', port: { number: 80 } } };
  return ingress(name, { backend: 'web', spec: { defaultBackend } });
}

function ownClass(isDefault: boolean): KubernetesObject {
  const annotations = { 'ingressclass.kubernetes.io/is-default-class': String(isDefault) };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: 'kong', annotations } };
}

/** One Ingress with a rule for each of `count` Services that do not exist. */
function wideIngress(count: number, annotations: Readonly<Record<string, string>> = {}): KubernetesObject {
  const rules = numbered(count, (n) => ({
    host: `${n}.example.com`,
    http: {
      paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: `s${n}`, port: { number: 80 } } } }],
    },
  }));
  const { metadata, ...wide } = ingress('wide', { spec: { rules } });
  return { ...wide, metadata: { ...metadata, annotations } };
}

describe('the cost of a change', () => {
  it('runs nothing but the targets of one port when an EndpointSlice changes among 1,000 Ingresses', () => {
    const translator = new Translator();
    put(
      translator,
      ...numbered(1000, (n) => [
        ingress(`web-${n}`),
        service(`web-${n}`),
        endpointSlice(`web-${n}`, ['10.0.0.1']),
      ]).flat(),
    );
    const runs = runsOf(translator, () => {
      const diff = put(translator, endpointSlice('web-7', ['10.0.0.1', '10.0.0.2']));
      expect(diff.upserts.map(({ entity }) => entity['target'])).toEqual(['10.0.0.2:8080']);
      expect(diff.deletes).toEqual([]);
    });
    expect(runs).toEqual({ targets: 1 });
  });

  it('runs no routes when a Service changes that 1,000 Ingresses share', () => {
    const translator = new Translator();
    put(translator, service('web'), ...numbered(1000, (n) => ingress(`web-${n}`, { backend: 'web' })));
    const runs = runsOf(translator, () => {
      const diff = put(translator, service('web', { annotations: { 'konghq.com/tags': 'new' } }));
      expect(diff.upserts.map(({ type }) => type)).toEqual(['services', 'upstreams']);
    });
    expect(runs).toEqual({ 'kong-service': 1, targets: 1 });
  });

  it('runs nothing when a change touches nothing that is read', () => {
    const translator = new Translator();
    const web = service('web');
    put(translator, ingress('web'), web, endpointSlice('web', ['10.0.0.1']));
    const touched = { ...web, metadata: { ...web.metadata, resourceVersion: '2' }, status: { loadBalancer: {} } };
    expect(runsOf(translator, () => put(translator, touched, ingress('web')))).toEqual({});
  });

  it('runs one route when an Ingress of 1,000 changes', () => {
    const translator = new Translator();
    put(translator, ...numbered(1000, (n) => [ingress(`web-${n}`), service(`web-${n}`)]).flat());
    const runs = runsOf(translator, () => put(translator, ingress('web-7', { backend: 'web-7', path: '/new' })));
    expect(runs).toEqual({ 'ingress-routes': 1 });
  });

  it('runs no routes when the Secret changes that 1,000 Ingresses share', () => {
    const translator = new Translator();
    put(translator, tlsSecret('pair'), ...numbered(1000, (n) => tlsIngress(`web-${n}`, '*.example.com')));
    const counts = runsOf(translator, () => {
      expect(remove(translator, tlsSecret('pair')).deletes.map(({ type }) => type)).toEqual(['certificates', 'snis']);
    });
    expect(counts).toMatchObject({ certificate: 1, sni: 1 });
    expect(counts).not.toHaveProperty('ingress-routes');
  });

  it('looks at no other Ingress when one of 1,000 changes whose common Secret is missing', () => {
    const translator = new Translator();
    put(translator, ...numbered(1000, (n) => tlsIngress(`web-${n}`, `${n}.example.com`)));
    const counts = runsOf(translator, () => put(translator, tlsIngress('web-7', '7.example.com', '/new')));
    expect(counts).toEqual({ 'accepted-rank': 1, 'ingress-routes': 1, 'tls-claims': 1 });
  });

  it('runs the routes of two Ingresses when another of 1,000 wins the default backend', () => {
    const translator = new Translator();
    put(translator, service('web'), ...numbered(1000, (n) => defaultIngress(`web-${n}`)));
    const counts = runsOf(translator, () => put(translator, defaultIngress('a-smaller-name')));
    expect(counts).toMatchObject({ 'ingress-routes': 2 });
  });

  it('does not look for culprits again when an Ingress with 1,000 missing Services changes otherwise', () => {
    const translator = new Translator();
    put(translator, wideIngress(1000));
    const counts = runsOf(translator, () => put(translator, wideIngress(1000, { 'konghq.com/tags': 'new' })));
    expect(counts).toEqual({ 'accepted-rank': 1, 'backend-places': 1, 'ingress-routes': 1 });
  });

  it('runs only class-less Ingresses when the class becomes the default one', () => {
    const translator = new Translator();
    put(
      translator,
      ownClass(false),
      ...numbered(1000, (n) => ingress(`ours-${n}`)),
      ...numbered(10, (n) => ingress(`classless-${n}`, { className: undefined })),
    );
    const counts = runsOf(translator, () => put(translator, ownClass(true)));
    expect(counts).toMatchObject({ 'ingress-routes': 10 });
  });

  it('leaves nothing in memory when everything is gone, whatever happened before', () => {
    const translator = new Translator();
    const sizeAtStart = translator.size();
    const objects = [
      ownClass(true),
      tlsSecret('pair'),
      tlsSecret('copy'),
      service('web'),
      endpointSlice('web', ['10.0.0.1']),
      wideIngress(3),
      ...numbered(3, (n) => tlsIngress(`tls-${n}`, '*.example.com')),
      ...numbered(3, (n) => defaultIngress(`default-${n}`)),
      ingress('classless', { className: undefined }),
    ];
    put(translator, ...objects);
    for (const object of objects) {
      remove(translator, object);
      put(translator, object);
    }
    for (const object of objects) remove(translator, object);
    expect(translator.size()).toEqual(sizeAtStart);
  });
});
