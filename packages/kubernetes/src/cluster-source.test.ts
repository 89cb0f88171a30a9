import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@koko/lifecycle';
import { translatedKinds } from '@koko/translator';
import type { ObjectReference } from '@koko/translator';
import { ClusterServer, status, until } from '../test/cluster-server.ts';
import type { Fault } from '../test/cluster-server.ts';
import { KeptLog } from '../test/kept-log.ts';
import { ApiClient } from './api-client.ts';
import { ClusterSource } from './cluster-source.ts';
import type { ClusterSourceOptions } from './cluster-source.ts';
import { resourcePath } from './resource-path.ts';

const SECRETS = '/api/v1/secrets';
const SERVICES = '/api/v1/services';
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';
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

const ingress = (name: string): void => server.set(INGRESSES, { metadata: { name, namespace: 'shop' } });
const service = (name: string, port = 80): void =>
  server.set(SERVICES, { metadata: { name, namespace: 'shop' }, spec: { ports: [{ port }] } });
const slice = (name: string, leader: string, address = '10.0.0.1'): void =>
  server.set(SLICES, {
    metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': leader } },
    endpoints: [{ addresses: [address] }],
  });
const secret = (name: string, crt: string): void =>
  server.set(SECRETS, { metadata: { name, namespace: 'shop' }, type: 'kubernetes.io/tls', data: { 'tls.crt': crt } });
const gets = (name: string): number => server.count(`/api/v1/namespaces/shop/secrets/${name}`, '');
const crtOf = (source: ClusterSource): unknown =>
  (source.find(certificate)?.['data'] as Record<string, unknown> | undefined)?.['tls.crt'];
const namesOf = (references: readonly ObjectReference[]): readonly string[] =>
  references.map(({ kind, name }) => `${kind} ${name}`).sort();
const serviceReference = (name: string): ObjectReference => ({ kind: 'Service', namespace: 'shop', name });
const sliceReference = (name: string): ObjectReference => ({ kind: 'EndpointSlice', namespace: 'shop', name });

/** Lets what is due happen. */
const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Collects what changes; the first batch apart. */
async function following(source: ClusterSource): Promise<{ readonly take: () => readonly string[] }> {
  const taken: ObjectReference[] = [];
  const batches = source.changes(stop.signal)[Symbol.asyncIterator]();
  await batches.next();
  void (async () => {
    for (let next = await batches.next(); next.done !== true; next = await batches.next()) taken.push(...next.value);
  })();
  return { take: () => namesOf(taken.splice(0)) };
}

describe('ClusterSource', () => {
  it('is synced with all kinds read, and gives on what needs no demand', async () => {
    ingress('a');
    service('web');
    slice('web-1', 'web');
    secret('cert', 'one');
    const { source, isReady } = start();
    await source.synced(stop.signal);
    expect(isReady()).toBe(true);
    const first = await source.changes(stop.signal)[Symbol.asyncIterator]().next();
    expect(namesOf(first.value as readonly ObjectReference[])).toEqual(['Ingress a']);
    const others = [certificate, serviceReference('web'), sliceReference('web-1')];
    expect(others.map((reference) => source.find(reference))).toEqual([undefined, undefined, undefined]);
    expect(JSON.stringify([...source.list('Secret')])).not.toContain('tls.crt');
    expect(gets('cert')).toBe(0);
    expect(source.status()).toMatchObject({ hasSynced: true, objects: { Service: 1, EndpointSlice: 1, Secret: 1 } });
  });

  it('gives on a Service and its slices while it is demanded, at once', async () => {
    service('web');
    slice('web-1', 'web');
    slice('other-1', 'other');
    const { source } = start();
    await source.synced(stop.signal);
    const changes = await following(source);
    expect(namesOf(source.demand([serviceReference('web'), serviceReference('later')]).here)).toEqual([
      'EndpointSlice web-1',
      'Service web',
    ]);
    expect(source.find(sliceReference('web-1'))).toBeDefined();
    service('web', 81);
    service('other');
    slice('other-1', 'web');
    service('later');
    await until(() => source.find(serviceReference('later')) !== undefined);
    await until(() => source.find(sliceReference('other-1')) !== undefined);
    slice('web-1', 'other');
    await until(() => source.find(sliceReference('web-1')) === undefined);
    await turn();
    expect(changes.take()).toEqual(['EndpointSlice other-1', 'EndpointSlice web-1', 'Service later', 'Service web']);
    expect(namesOf(source.release([serviceReference('web')]))).toEqual(['EndpointSlice other-1', 'Service web']);
    expect(source.find(serviceReference('web'))).toBeUndefined();
    service('web', 82);
    server.delete(SERVICES, 'shop', 'later');
    await until(() => source.find(serviceReference('later')) === undefined);
    await turn();
    expect(changes.take()).toEqual(['Service later']);
  });

  it('guesses what an object refers to by the names in it, until the next demand', async () => {
    for (const name of ['web', 'wrong', 'other']) service(name);
    slice('web-1', 'web');
    slice('wrong-1', 'wrong');
    server.set(INGRESSES, {
      metadata: { name: 'a', namespace: 'shop', annotations: { x: 'other' } },
      spec: { defaultBackend: { service: { name: 'web' } }, rules: [{ host: 'wrong' }, null, 7] },
    });
    const { source } = start();
    await source.synced(stop.signal);
    const [object] = [...source.list('Ingress')];
    if (object === undefined) throw new Error('no Ingress');
    const wrong = ['EndpointSlice wrong-1', 'Service wrong'];
    expect(namesOf(source.guess(object))).toEqual(['EndpointSlice web-1', wrong[0], 'Service web', wrong[1]]);
    const isThere = (name: string): boolean => source.find(serviceReference(name)) !== undefined;
    expect(['web', 'wrong', 'other'].map(isThere)).toEqual([true, true, false]);
    expect(namesOf(source.demand([serviceReference('web')]).here)).toEqual(wrong);
    expect(['web', 'wrong', 'other'].map(isThere)).toEqual([true, false, false]);
    expect(namesOf(source.guess(object))).toEqual(wrong);
  });

  it('fetches a Secret while it is demanded, and anew when it changes', async () => {
    secret('cert', 'one');
    const { source } = start();
    await source.synced(stop.signal);
    const changes = await following(source);
    const missing = { ...certificate, name: 'missing' };
    expect(source.demand([certificate, missing])).toEqual({ here: [], awaited: [certificate] });
    source.release([missing]);
    await source.settled([certificate], stop.signal);
    expect(crtOf(source)).toBe('one');
    secret('cert', 'two');
    await until(() => crtOf(source) === 'two');
    expect(source.status().contents).toEqual({ needed: 1, held: 1 });
    expect(changes.take()).toEqual(['Secret cert', 'Secret cert']);
    expect([source.release([certificate]), source.release([certificate])]).toEqual([[certificate], []]);
    expect([crtOf(source), gets('cert')]).toEqual([undefined, 2]);
    secret('cert', 'three');
    service('later');
    await until(() => source.status().objects['Service'] === 1);
    expect(gets('cert')).toBe(2);
  });

  it('forgets the content of a Secret that was deleted, also when another one takes its name', async () => {
    secret('cert', 'one');
    const { source } = start();
    await source.synced(stop.signal);
    source.demand([certificate]);
    await until(() => crtOf(source) === 'one');
    server.delete(SECRETS, 'shop', 'cert');
    await until(() => crtOf(source) === undefined);
    secret('cert', 'two');
    await until(() => crtOf(source) === 'two');
  });

  it('keeps what it has fetched while the server is away', async () => {
    secret('cert', 'one');
    service('web');
    const { source } = start();
    await source.synced(stop.signal);
    source.demand([certificate, serviceReference('web')]);
    await source.settled([certificate], stop.signal);
    const refuse: Fault = (_, response) => (status(response, 503, 'no'), true);
    server.faults.push(...Array.from({ length: 20 }, () => refuse));
    server.reset();
    await until(() => server.faults.length === 0);
    expect([crtOf(source), source.find(serviceReference('web'))]).toEqual(['one', expect.anything()]);
    secret('cert', 'two');
    await until(() => crtOf(source) === 'two');
  });

  it('waits for a demanded Secret through errors, but not for one that is missing or may not be read', async () => {
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
    await source.synced(stop.signal);
    const missing = { ...certificate, name: 'missing' };
    source.demand([certificate, missing]);
    await source.settled([missing], stop.signal);
    let isSettled = false;
    const settling = source.settled([missing, certificate], stop.signal).then(() => (isSettled = true));
    await until(() => gets('cert') === 2);
    expect(isSettled).toBe(false);
    hold.resolve();
    await settling;
    expect(crtOf(source)).toBeUndefined();
    await until(() => crtOf(source) === 'one'); // it may be allowed by now
  });

  it('gives up waiting for a Secret on which the server fails again and again, and goes on asking', async () => {
    secret('cert', 'one');
    const clock = new ManualClock(0);
    const { source } = start({ clock });
    await source.synced(stop.signal);
    const fail: Fault = (_, response, url) =>
      url.pathname.endsWith('/secrets/cert') && (status(response, 500, 'no'), true);
    server.faults.push(...Array.from({ length: 8 }, () => fail));
    source.demand([certificate]);
    let isSettled = false;
    void source.settled([certificate], stop.signal).then(() => (isSettled = true));
    await until(() => {
      if (gets('cert') < 8) clock.advance(60_000);
      return isSettled;
    });
    expect([gets('cert'), crtOf(source)]).toEqual([8, undefined]);
    clock.advance(60_000);
    await until(() => crtOf(source) === 'one');
  });

  it('asks again for a Secret that the server says is missing although it is there', async () => {
    secret('cert', 'one');
    const clock = new ManualClock(0);
    const { source } = start({ clock });
    await source.synced(stop.signal);
    server.faults.push((_, response, url) => url.pathname.endsWith('/cert') && (status(response, 404, 'no'), true));
    source.demand([certificate]);
    await source.settled([certificate], stop.signal);
    expect(crtOf(source)).toBeUndefined();
    await until(() => {
      clock.advance(1_000);
      return crtOf(source) === 'one';
    });
    clock.advance(600_000);
    expect(gets('cert')).toBe(2);
  });

  it('waits no longer for what is released, and ends with its signal', async () => {
    secret('cert', 'one');
    const { source } = start();
    await source.synced(stop.signal);
    server.faults.push((_, __, url) => url.pathname.endsWith('/secrets/cert')); // never answered
    source.demand([certificate]);
    const settling = source.settled([certificate], stop.signal);
    await until(() => gets('cert') === 1);
    await expect(source.settled([certificate], AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    source.release([certificate]);
    await settling;
    expect(source.status().contents).toEqual({ needed: 0, held: 0 });
  });

  it('takes an object for gone when its time to be deleted has passed', async () => {
    const clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
    const leaving = (name: string, deletionTimestamp: string): void =>
      server.set(INGRESSES, { metadata: { name, namespace: 'shop', deletionTimestamp } });
    leaving('past', '2025-12-31T23:59:59Z');
    leaving('soon', '2026-01-01T00:00:10Z');
    leaving('later', '2026-01-01T00:05:00Z');
    const { source } = start({ clock });
    await source.synced(stop.signal);
    const changes = await following(source);
    const isThere = (name: string): boolean => source.find({ kind: 'Ingress', namespace: 'shop', name }) !== undefined;
    expect(['past', 'soon', 'later'].map(isThere)).toEqual([false, true, true]);
    clock.advance(10_000);
    await turn();
    expect([changes.take(), ...['soon', 'later'].map(isThere)]).toEqual([['Ingress soon'], false, true]);
    ingress('later'); // as nothing undeletes, another one
    await turn();
    await until(() => changes.take().length > 0);
    clock.advance(600_000);
    await turn();
    expect([changes.take(), isThere('later')]).toEqual([[], true]);
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

  it('says what it waits for, and goes on as soon as the right is granted', async () => {
    const clock = new ManualClock(0);
    const logger = new KeptLog();
    let isForbidden = true;
    const forbid: Fault = (_, response, url) => {
      if (isForbidden && url.pathname === SECRETS) {
        status(response, 403, 'no');
        server.faults.push(forbid); // it stays
        return true;
      }
      return false;
    };
    server.faults.push(forbid);
    const { source, isReady } = start({ clock, logger });
    await until(() => source.waitsFor().length === 1 && source.status().reflectors.at(-1)?.failures === 1);
    expect(source.waitsFor()[0]).toMatch(/^the first list of Secret \(.*grant the verb "watch" on "secrets"/);
    clock.advance(5_000);
    const reminders = (): readonly unknown[] => logger.at('warn').filter(({ message }) => message.startsWith('Still'));
    expect(reminders()).toMatchObject([{ fields: { waitsFor: source.waitsFor(), count: 1 } }]);
    clock.advance(60_000);
    expect([reminders().length, isReady()]).toEqual([2, false]);
    isForbidden = false;
    await until(() => {
      clock.advance(1_000);
      return isReady();
    });
    clock.advance(600_000);
    expect([source.waitsFor(), reminders().length]).toEqual([[], 2]);
  });

  it('waits for the content of what is demanded, and says why', async () => {
    secret('cert', 'one');
    const { source } = start();
    await source.synced(stop.signal);
    const isGet = (url: URL): boolean => url.pathname.endsWith('/secrets/cert');
    server.faults.push(
      (_, response, url) => isGet(url) && (status(response, 503, 'no'), true),
      (_, __, url) => isGet(url), // never answered
    );
    source.demand([certificate]);
    await until(() => gets('cert') === 2);
    expect(source.waitsFor()).toEqual([expect.stringMatching(/^the content of 1 objects \(Cannot get secrets: .*503/)]);
    source.release([certificate]);
    expect(source.waitsFor()).toEqual([]);
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
