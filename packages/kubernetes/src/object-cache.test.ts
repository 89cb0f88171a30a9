import { describe, expect, it } from '@jest/globals';
import type { KubernetesObject } from '@koko/translator';
import { translatedKinds } from '@koko/translator';
import { ObjectCache } from './object-cache.ts';
import { trimObject } from './trim-object.ts';

const service = (name: string, uid: string, resourceVersion: string, port = 80): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop', uid, resourceVersion },
  spec: { port },
});

function recording(): { readonly cache: ObjectCache; readonly take: () => readonly string[] } {
  const changes: string[] = [];
  const cache = new ObjectCache(({ reference, before, after }) => {
    const type = before === undefined ? 'added' : after === undefined ? 'deleted' : 'changed';
    changes.push(`${type} ${reference.name} ${(after ?? before)?.metadata.uid ?? ''}`);
  });
  return { cache, take: () => changes.splice(0) };
}

describe('ObjectCache', () => {
  it('tells a complete list as the difference to what was there', () => {
    const { cache, take } = recording();
    cache.replace('Service', undefined, [service('a', '1', '10'), service('b', '2', '11'), service('c', '3', '12')]);
    expect(take()).toEqual(['added a 1', 'added b 2', 'added c 3']);
    cache.replace('Service', undefined, [
      service('a', '1', '10'),
      service('b', '2', '15', 81),
      service('d', '4', '16'),
    ]);
    expect(take()).toEqual(['deleted c 3', 'changed b 2', 'added d 4']);
    cache.replace('Service', undefined, []);
    expect(take()).toHaveLength(3);
    expect(cache.count('Service')).toBe(0);
  });

  it('tells an object created under the name of a deleted one as both', () => {
    const { cache, take } = recording();
    cache.upsert(service('a', '1', '10'));
    cache.upsert(service('a', '2', '20'));
    expect(take()).toEqual(['added a 1', 'deleted a 1', 'added a 2']);
  });

  it('keeps a new version to itself when nothing else has changed', () => {
    const { cache, take } = recording();
    cache.upsert(service('a', '1', '10'));
    cache.upsert(service('a', '1', '11'));
    expect(take()).toEqual(['added a 1']);
    expect(cache.find({ kind: 'Service', namespace: 'shop', name: 'a' })?.metadata.resourceVersion).toBe('11');
  });

  it('replaces within one namespace only', () => {
    const { cache, take } = recording();
    cache.upsert(service('a', '1', '10'));
    cache.replace('Service', 'other', []);
    cache.delete(service('unknown', '1', '1'));
    expect(take()).toEqual(['added a 1']);
    expect([...cache.list('Service', 'shop')]).toHaveLength(1);
  });
});

describe('trimObject', () => {
  const kindOf = (name: string): (typeof translatedKinds)[number] => {
    const kind = translatedKinds.find(({ kind }) => kind === name);
    if (kind === undefined) throw new Error(`no kind ${name}`);
    return kind;
  };

  it('drops what nobody reads and adds what lists leave out', () => {
    const metadata = {
      name: 'a',
      labels: { l: '1' },
      annotations: { x: 'y', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    };
    const status = { conditions: [1], loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } };
    expect(
      trimObject(kindOf('Ingress'), { metadata: { ...metadata, managedFields: [1] }, spec: { a: 1 }, status }, 'whole'),
    ).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'a', labels: { l: '1' }, annotations: { x: 'y' } },
      spec: { a: 1 },
      status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
    });
  });

  it('keeps of endpoints what translation reads, and malformed ones as they are', () => {
    const endpoints = [
      { addresses: ['10.0.0.1'], conditions: { ready: true }, targetRef: { uid: 'x' }, nodeName: 'n' },
      7,
    ];
    const trimmed = trimObject(kindOf('EndpointSlice'), { metadata: { name: 'a' }, endpoints, ports: [] }, 'whole');
    expect(trimmed?.['endpoints']).toEqual([{ addresses: ['10.0.0.1'], conditions: { ready: true } }, 7]);
  });

  it('keeps of metadata-only kinds nothing else, even when the server sends it', () => {
    const secret = trimObject(kindOf('Secret'), { metadata: { name: 'a' }, data: { key: 'x' }, type: 't' }, 'metadata');
    expect(secret).toEqual({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } });
  });

  it.each([[null], ['text'], [{}], [{ metadata: {} }], [{ metadata: { name: 3 } }]])('refuses %j', (object) => {
    expect(trimObject(kindOf('Service'), object, 'whole')).toBeUndefined();
  });
});
