import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { translatedKinds } from '@koko/translator';
import type { ObjectReference } from '@koko/translator';
import { ClusterServer, status, until } from '../test/cluster-server.ts';
import { ApiClient } from './api-client.ts';
import { ClusterSource } from './cluster-source.ts';
import type { ClusterSourceOptions } from './cluster-source.ts';
import { resourcePath } from './resource-path.ts';

const SECRETS = '/api/v1/secrets';
const INGRESSES = '/apis/networking.k8s.io/v1/ingresses';
const PARAMETERS = '/apis/configuration.konghq.com/v1alpha1/ingressclassparameterses';
const limits = { retryFirstMs: 2, retryLongestMs: 20, missingFirstMs: 2, missingLongestMs: 10 };
const certificate: ObjectReference = { kind: 'Secret', namespace: 'shop', name: 'cert' };

let server: ClusterServer;
let client: ApiClient;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  server = new ClusterServer();
  for (const kind of translatedKinds) server.served.add(resourcePath(kind));
  client = new ApiClient({ access: await server.listen() });
  stop = new AbortController();
  running = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  await running;
  client.close();
  await server.close();
});

function start(options: Partial<ClusterSourceOptions> = {}): { source: ClusterSource; isReady: () => boolean } {
  let isReady = false;
  const source = new ClusterSource({ client, limits, ...options });
  running = source.run(stop.signal, () => (isReady = true));
  return { source, isReady: () => isReady };
}

const ingress = (name: string, ...secrets: readonly string[]): void =>
  server.set(INGRESSES, {
    metadata: { name, namespace: 'shop' },
    spec: { tls: secrets.map((secretName) => ({ hosts: ['a'], secretName })) },
  });
const secret = (name: string, crt: string): void =>
  server.set(SECRETS, { metadata: { name, namespace: 'shop' }, type: 'kubernetes.io/tls', data: { 'tls.crt': crt } });
const gets = (name: string): number => server.count(`/api/v1/namespaces/shop/secrets/${name}`, '');
const crtOf = (source: ClusterSource): unknown =>
  (source.find(certificate)?.['data'] as Record<string, unknown> | undefined)?.['tls.crt'];

describe('ClusterSource', () => {
  it('is synced with all kinds read and the Secrets that Ingresses name fetched, and with no others', async () => {
    ingress('a', 'cert', 'missing');
    secret('cert', 'one');
    secret('unused', 'two');
    const { source, isReady } = start();
    await source.synced(stop.signal);
    expect(isReady()).toBe(true);
    expect(crtOf(source)).toBe('one');
    expect(source.find({ ...certificate, name: 'unused' })).toBeUndefined();
    expect([gets('cert'), gets('unused'), gets('missing')]).toEqual([1, 0, 0]);
    expect(JSON.stringify([...source.list('Secret')])).not.toContain('tls.crt');
    expect(source.status()).toMatchObject({ hasSynced: true, contents: { needed: 2, held: 1 } });
    const first = await source.changes(stop.signal)[Symbol.asyncIterator]().next();
    const changed = (first.value as readonly ObjectReference[]).map(({ kind, name }) => `${kind} ${name}`).sort();
    expect(changed).toEqual(['Ingress a', 'Secret cert']);
  });

  it('fetches a Secret anew when it changes, and drops it when nothing names it any more', async () => {
    ingress('a', 'cert');
    ingress('b', 'cert');
    secret('cert', 'one');
    const { source } = start();
    await source.synced(stop.signal);
    secret('cert', 'two');
    await until(() => crtOf(source) === 'two');
    ingress('a');
    await until(() => gets('cert') === 2);
    ingress('b', 'other', 'cert');
    ingress('c', 'later');
    secret('later', 'x');
    await until(() => source.find({ ...certificate, name: 'later' }) !== undefined);
    expect([crtOf(source), gets('cert')]).toEqual(['two', 2]);
    server.delete(INGRESSES, 'shop', 'b');
    await until(() => crtOf(source) === undefined);
  });

  it('forgets the content of a Secret that was deleted, also when another one takes its name', async () => {
    ingress('a', 'cert');
    secret('cert', 'one');
    const { source } = start();
    await source.synced(stop.signal);
    server.delete(SECRETS, 'shop', 'cert');
    await until(() => crtOf(source) === undefined);
    secret('cert', 'two');
    await until(() => crtOf(source) === 'two');
  });

  it('fetches what `need` asks for until it is released', async () => {
    secret('cert', 'one');
    const { source } = start();
    await source.synced(stop.signal);
    const release = source.need(certificate);
    await until(() => crtOf(source) === 'one');
    release();
    release();
    expect(source.find(certificate)).toBeUndefined();
  });

  it('waits for a needed Secret through errors, but not for one that it may not read', async () => {
    ingress('a', 'cert');
    secret('cert', 'one');
    const isGet = (url: URL): boolean => url.pathname.endsWith('/secrets/cert');
    const hold = Promise.withResolvers<void>();
    server.faults.push((_, response, url) => isGet(url) && (status(response, 503, 'no'), true));
    server.faults.push((_, response, url) => {
      if (!isGet(url)) return false;
      void hold.promise.then(() => status(response, 403, 'no'));
      return true;
    });
    const { source } = start();
    await until(() => gets('cert') === 2);
    expect(source.status().hasSynced).toBe(false);
    hold.resolve();
    await source.synced(stop.signal);
    await until(() => crtOf(source) === 'one');
  });

  it('does not wait for kinds that the cluster does not have', async () => {
    server.served.delete(PARAMETERS);
    const { source } = start();
    await source.synced(stop.signal);
    server.served.add(PARAMETERS);
    server.set(PARAMETERS, { metadata: { name: 'p', namespace: 'shop' } });
    await until(() => source.find({ kind: 'IngressClassParameters', namespace: 'shop', name: 'p' }) !== undefined);
  });

  it('is not synced while one kind cannot be listed', async () => {
    server.faults.push((_, response, url) => url.pathname === INGRESSES && (status(response, 403, 'no'), true));
    for (let time = 0; time < 3; time += 1) server.faults.push(...server.faults.slice(0, 1));
    const { source } = start();
    await until(
      () => source.status().reflectors.filter(({ hasSynced }) => hasSynced).length === translatedKinds.length - 1,
    );
    expect(source.status().hasSynced).toBe(false);
    await source.synced(stop.signal);
  });

  it('reads the namespaces and labels that it is told to', async () => {
    for (const namespace of ['shop', 'bank', 'other'])
      server.set('/api/v1/services', { metadata: { name: 's', namespace } });
    const { source } = start({ watchNamespaces: ['shop', 'bank'], labelSelectors: { Service: 'app=a' } });
    await source.synced(stop.signal);
    expect([...source.list('Service')].map(({ metadata }) => metadata.namespace ?? '').sort()).toEqual([
      'bank',
      'shop',
    ]);
    expect(server.count('/api/v1/namespaces/bank/services', 'labelSelector=app%3Da')).toBeGreaterThan(0);
    expect(server.count('/apis/networking.k8s.io/v1/ingressclasses', 'limit')).toBe(1);
  });

  it('follows a further kind for one more entry of its table', async () => {
    const kind = {
      kind: 'Gadget',
      group: 'example.com',
      version: 'v1',
      resource: 'gadgets',
      namespaced: true,
      ingest: 'always' as const,
    };
    server.served.add('/apis/example.com/v1/gadgets');
    server.set('/apis/example.com/v1/gadgets', { metadata: { name: 'g', namespace: 'shop' }, spec: { a: 1 } });
    const { source } = start({ kinds: [...translatedKinds, kind] });
    await source.synced(stop.signal);
    const found = source.find({ kind: 'Gadget', namespace: 'shop', name: 'g' });
    expect(found).toMatchObject({ apiVersion: 'example.com/v1', kind: 'Gadget', spec: { a: 1 } });
  });

  it('ends with its signal, before and after it has synced', async () => {
    server.faults.push((_, __, url) => url.pathname === INGRESSES);
    const { source } = start();
    const waiting = source.synced(stop.signal);
    await until(() => server.requests.length > 3);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await running;
  });
});
