import { describe, expect, it } from '@jest/globals';
import type { KubernetesObject, TranslatedKind } from '@koko/translator';
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
  const cache = new ObjectCache(({ reference, wasThere, isThere, leaders }) => {
    const type = wasThere ? (isThere ? 'changed' : 'deleted') : 'added';
    changes.push([type, reference.name, ...leaders.map(({ name }) => `of ${name}`)].join(' '));
  }, translatedKinds);
  return { cache, take: () => changes.splice(0) };
}

describe('ObjectCache', () => {
  it('tells a complete list as the difference to what was there', () => {
    const { cache, take } = recording();
    cache.replace('Service', undefined, [service('a', '1', '10'), service('b', '2', '11'), service('c', '3', '12')]);
    expect(take()).toEqual(['added a', 'added b', 'added c']);
    cache.replace('Service', undefined, [
      service('a', '1', '10'),
      service('b', '2', '15', 81),
      service('d', '4', '16'),
    ]);
    expect(take()).toEqual(['deleted c', 'changed b', 'added d']);
    cache.replace('Service', undefined, []);
    expect(take()).toHaveLength(3);
    expect(cache.count('Service')).toBe(0);
  });

  it('tells an object created under the name of a deleted one as both', () => {
    const { cache, take } = recording();
    cache.upsert(service('a', '1', '10'));
    cache.upsert(service('a', '2', '20'));
    expect(take()).toEqual(['added a', 'deleted a', 'added a']);
  });

  it('keeps a new version to itself when nothing else has changed', () => {
    const { cache, take } = recording();
    cache.upsert(service('a', '1', '10'));
    cache.upsert(service('a', '1', '11'));
    expect(take()).toEqual(['added a']);
    expect(cache.find({ kind: 'Service', namespace: 'shop', name: 'a' })?.metadata.resourceVersion).toBe('11');
  });

  it('takes each version for a change where content is not here', () => {
    const { cache, take } = recording();
    const secret = (resourceVersion: string): KubernetesObject => ({
      ...service('a', '1', resourceVersion),
      kind: 'Secret',
    });
    for (const version of ['10', '11', '11']) cache.upsert(secret(version));
    expect(take()).toEqual(['added a', 'changed a']);
  });

  it('gives objects back as they came, whatever is in them', () => {
    const { cache } = recording();
    const odd: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a', uid: 'u",\\', resourceVersion: '",1', annotations: { ü: '", "' } },
      spec: null,
    };
    cache.upsert(odd);
    expect([...cache.list('Service')]).toEqual([odd]);
    cache.upsert({ ...odd, metadata: { ...odd.metadata, uid: 'other' } });
    expect(cache.find({ kind: 'Service', name: 'a' })?.metadata.uid).toBe('other');
    const { apiVersion, kind } = odd;
    cache.upsert({ apiVersion, kind, metadata: { name: 'bare' } });
    expect(cache.find({ kind, name: 'bare' })).toEqual({ apiVersion, kind, metadata: { name: 'bare' } });
  });

  it('takes in nothing of a list before its end', () => {
    const { cache, take } = recording();
    cache.upsert(service('a', '1', '10'));
    const list = cache.replacement('Service', undefined);
    list.upsert(service('lost', '9', '9'));
    list.clear();
    list.upsert(service('b', '2', '11'));
    list.upsert(service('c', '3', '12'));
    list.delete(service('c', '3', '13'));
    expect(take()).toEqual(['added a']);
    list.commit();
    expect(take()).toEqual(['deleted a', 'added b']);
  });

  it('knows by a label what follows what, and tells old and new leader', () => {
    const { cache, take } = recording();
    const slice = (name: string, leader: string | undefined): KubernetesObject => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name,
        namespace: 'shop',
        ...(leader === undefined ? {} : { labels: { 'kubernetes.io/service-name': leader } }),
      },
    });
    const followers = (name: string): readonly string[] =>
      cache.followersOf({ kind: 'Service', namespace: 'shop', name }).map((reference) => reference.name);
    for (const name of ['s1', 's2']) cache.upsert(slice(name, 'web'));
    cache.upsert(slice('s3', undefined));
    expect(take()).toEqual(['added s1 of web', 'added s2 of web', 'added s3']);
    cache.upsert(slice('s1', 'api'));
    expect([followers('web'), followers('api'), take()]).toEqual([['s2'], ['s1'], ['changed s1 of web of api']]);
    cache.replace('EndpointSlice', undefined, []);
    expect([followers('web'), followers('api'), take()]).toEqual([
      [],
      [],
      ['deleted s1 of api', 'deleted s2 of web', 'deleted s3'],
    ]);
  });

  it('replaces within one namespace only', () => {
    const { cache, take } = recording();
    cache.upsert(service('a', '1', '10'));
    cache.replace('Service', 'other', []);
    cache.delete(service('unknown', '1', '1'));
    expect(take()).toEqual(['added a']);
    expect([...cache.list('Service', 'shop')]).toHaveLength(1);
  });
});

describe('trimObject', () => {
  const kindOf = (name: string): TranslatedKind => {
    const kind = translatedKinds.find(({ kind }) => kind === name);
    if (kind === undefined) throw new Error(`no kind ${name}`);
    return kind;
  };

  it('drops what nobody reads and adds what lists leave out', () => {
    const metadata = {
      name: 'a',
      labels: { l: '1' },
      generation: 3,
      annotations: { x: 'y', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    };
    const status = { conditions: [1], loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } };
    const object = { metadata: { ...metadata, managedFields: [1] }, spec: { a: 1 }, status };
    expect(trimObject(kindOf('Ingress'), object, 'whole')).toEqual({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'a', generation: 3, annotations: { x: 'y' } },
      spec: { a: 1 },
      status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
    });
  });

  it('keeps the status that is reported on a kind, and no other', () => {
    const object = { metadata: { name: 'a', labels: { l: '1' } }, spec: {}, status: { conditions: [1], other: 2 } };
    expect(trimObject(kindOf('KongServiceFacade'), object, 'whole')).toMatchObject({ status: { conditions: [1] } });
    const { kind: _, ...rest } = kindOf('KongServiceFacade');
    const { status: __, ...further } = { ...rest, kind: 'Gadget' };
    const trimmed = trimObject(further, object, 'whole');
    expect(trimmed).toMatchObject({ kind: 'Gadget', metadata: { labels: { l: '1' } }, spec: {} });
    expect(trimmed).not.toHaveProperty('status');
  });

  it('keeps of Services and slices what translation reads, and what is malformed as it is', () => {
    const conditions = { ready: true, serving: true };
    const endpoints = [{ addresses: ['10.0.0.1'], conditions, targetRef: { uid: 'x' }, nodeName: 'n' }, 7];
    const labels = { 'kubernetes.io/service-name': 'web', l: '1' };
    const slice = { metadata: { name: 'a', labels, generation: 4 }, addressType: 'IPv4', endpoints, ports: 'none' };
    const trimmed = trimObject(kindOf('EndpointSlice'), slice, 'whole');
    expect(trimmed).toEqual({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'a', labels: { 'kubernetes.io/service-name': 'web' } },
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }, 7],
      ports: 'none',
    });
    const spec = { type: 'ClusterIP', selector: { app: 'a' }, ports: [{ port: 80, nodePort: 30000 }] };
    const service = trimObject(
      kindOf('Service'),
      { metadata: { name: 'a' }, spec, status: { loadBalancer: {} } },
      'whole',
    );
    expect(service).toMatchObject({ spec: { type: 'ClusterIP', ports: [{ port: 80 }] } });
    expect(JSON.stringify(service)).not.toMatch(/selector|nodePort|status/);
  });

  it('keeps of metadata-only kinds nothing else, even when the server sends it', () => {
    const metadata = { name: 'a', uid: 'u' };
    const labelled = { ...metadata, labels: { l: '1' }, annotations: { x: 'y' } };
    const secret = trimObject(kindOf('Secret'), { metadata: labelled, data: { key: 'x' }, type: 't' }, 'metadata');
    expect(secret).toEqual({ apiVersion: 'v1', kind: 'Secret', metadata });
  });

  it.each([[null], ['text'], [{}], [{ metadata: {} }], [{ metadata: { name: 3 } }]])('refuses %j', (object) => {
    expect(trimObject(kindOf('Service'), object, 'whole')).toBeUndefined();
  });
});
