import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiServer } from '@koko/api-server';
import type { Fault, RequestFacts, WrittenObject } from '@koko/api-server';
import { declarativeDocument, referenceOf, Translator } from '@koko/translator';
import type { KubernetesObject } from '@koko/translator';
import { generateCertificatePair } from 'iic';
import type { Controller } from 'iic';
import { startOnCluster } from './quiet-controller.ts';

let api: ApiServer;
let controller: Controller;

beforeEach(async () => {
  api = new ApiServer();
  await api.start();
  for (const name of ['shop', 'other']) api.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
});

afterEach(async () => {
  await controller.lifecycle.stop();
  await api.stop();
});

async function start(settings: Record<string, string> = {}): Promise<void> {
  controller = await startOnCluster(api.kubeconfig(), settings);
}

function ingress(namespace: string, n: number, path: string, className = 'kong'): WrittenObject {
  const backend = { service: { name: `app-${n}`, port: { number: 80 } } };
  const host = `app-${n}.${namespace}.example.com`;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: `app-${n}`, namespace },
    spec: {
      ingressClassName: className,
      tls: [{ hosts: [host], secretName: `tls-${n % 2}` }],
      rules: [{ host, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
    },
  };
}

function service(namespace: string, n: number): WrittenObject {
  const spec = { clusterIP: 'None', ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: `app-${n}`, namespace }, spec };
}

function slice(namespace: string, n: number, last: number): WrittenObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `app-${n}-x`, namespace, labels: { 'kubernetes.io/service-name': `app-${n}` } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: [`10.0.${n}.${last}`], conditions: { ready: true } }],
  };
}

async function secret(namespace: string, n: number): Promise<WrittenObject> {
  const { certificate, key } = await generateCertificatePair(`app-${n}.example.com`);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const data = { 'tls.crt': base64(certificate), 'tls.key': base64(key) };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `tls-${n}`, namespace },
    type: 'kubernetes.io/tls',
    data,
  };
}

const translatedLists = [
  ['networking.k8s.io/v1', 'Ingress'],
  ['networking.k8s.io/v1', 'IngressClass'],
  ['v1', 'Service'],
  ['discovery.k8s.io/v1', 'EndpointSlice'],
  ['v1', 'Secret'],
] as const;

/** What `iic translate` makes of everything that the cluster holds now, counted by type. */
function expectedCounts(): Record<string, number> {
  const translator = new Translator();
  const objects = translatedLists.flatMap(([apiVersion, kind]) => api.objects.list(apiVersion, kind));
  const changes = objects.map((object) => object as unknown as KubernetesObject); // what an API server serves
  translator.apply(changes.map((object) => ({ reference: referenceOf(object), object })));
  const counts: Record<string, number> = {};
  for (const { type } of translator.entities()) counts[type] = (counts[type] ?? 0) + 1;
  expect(declarativeDocument(translator.entities())).toBeDefined();
  return counts;
}

interface Status {
  readonly configHash: string;
  readonly entityCounts: Record<string, number>;
}

async function status(): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${controller.healthServer.port}/status`);
  return (await response.json()) as Status; // the answer of our own server
}

async function revision(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${controller.healthServer.port}/metrics`);
  return Number(/^iic_revision (\d+)$/m.exec(await response.text())?.[1]);
}

/** Waits until the store holds what a translation from nothing makes of the cluster. */
async function settled(): Promise<Status> {
  for (;;) {
    const now = await status();
    const expected = expectedCounts();
    const types = new Set([...Object.keys(now.entityCounts), ...Object.keys(expected)]);
    if ([...types].every((type) => (now.entityCounts[type] ?? 0) === (expected[type] ?? 0))) return now;
  }
}

/** The hash that a controller reaches which has seen nothing but the present. */
async function hashFromNothing(): Promise<string> {
  const live = controller;
  await start();
  const fresh = await settled();
  await controller.lifecycle.stop();
  controller = live;
  return fresh.configHash;
}

async function untilHash(hash: string): Promise<void> {
  while ((await status()).configHash !== hash) await new Promise((resolve) => setImmediate(resolve));
}

describe('iic on a cluster', () => {
  it('is ready on an empty cluster, and serves what comes later', async () => {
    await start();
    expect(controller.lifecycle.isReady()).toBe(true);
    for (const object of [service('shop', 0), slice('shop', 0, 1), ingress('shop', 0, '/')]) api.objects.apply(object);
    expect((await settled()).entityCounts).toMatchObject({ routes: 1, targets: 1 });
  });

  it('follows creation, edits, class switches and the end of a namespace', async () => {
    for (const namespace of ['shop', 'other']) {
      for (let n = 0; n < 4; n += 1) {
        for (const object of [service(namespace, n), slice(namespace, n, 1), ingress(namespace, n, '/')])
          api.objects.apply(object);
      }
      for (const n of [0, 1]) api.objects.apply(await secret(namespace, n));
    }
    await start();
    expect((await settled()).entityCounts).toMatchObject({
      routes: 8,
      services: 8,
      targets: 8,
      certificates: 4,
      snis: 8,
    });
    api.objects.apply(ingress('shop', 0, '/', 'not-ours'));
    api.objects.apply(slice('shop', 1, 2));
    api.objects.apply(ingress('shop', 1, '/edited'));
    expect((await settled()).entityCounts).toMatchObject({ routes: 7 });
    api.objects.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    expect((await settled()).entityCounts).toMatchObject({ routes: 3, certificates: 2 });
    await untilHash(await hashFromNothing());
  });

  it('loses no change under faults of every kind, and ends where a fresh start ends', async () => {
    for (let n = 0; n < 5; n += 1) {
      for (const object of [service('shop', n), slice('shop', n, 1), ingress('shop', n, '/')])
        api.objects.apply(object);
    }
    for (const n of [0, 1]) api.objects.apply(await secret('shop', n));
    await start();
    await settled();
    const isWatch = ({ verb }: RequestFacts): boolean => verb === 'watch';
    const faults: readonly Fault[] = [
      { kind: 'reset' },
      { kind: 'truncate', afterBytes: 40 },
      { kind: 'error-event', code: 410 },
      { kind: 'error-event', code: 500 },
      { kind: 'malformed-line' },
    ];
    for (let round = 0; round < 15; round += 1) {
      const fault = faults[round % faults.length];
      if (fault !== undefined) api.faults.strike({ match: isWatch, fault });
      if (round % 4 === 1)
        api.faults.add({ match: ({ verb }) => verb === 'list', times: 2, fault: { kind: 'status', code: 500 } });
      if (round % 4 === 3) api.faults.add({ match: isWatch, times: 2, fault: { kind: 'status', code: 410 } });
      api.objects.apply(slice('shop', round % 5, 10 + round));
      api.objects.apply(ingress('shop', round % 5, `/round-${round}`));
      if (round % 5 === 2) api.objects.delete(ingress('shop', 4, '/'));
      await settled();
    }
    api.faults.clear();
    await untilHash(await hashFromNothing());
    expect(controller.lifecycle.isHealthy()).toBe(true);
  });

  it('survives a restart of the API server, and believes an empty cluster', async () => {
    for (const object of [service('shop', 0), slice('shop', 0, 1), ingress('shop', 0, '/')]) api.objects.apply(object);
    await start();
    const { configHash } = await settled();
    await api.restart({ keepData: true });
    api.objects.apply(ingress('shop', 0, '/after'));
    while ((await status()).configHash === configHash) await new Promise((resolve) => setImmediate(resolve));
    await api.restart({ keepData: false });
    while (((await settled()).entityCounts['routes'] ?? 0) > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(controller.lifecycle.isHealthy()).toBe(true);
  });

  it('takes in an Ingress with all that it names at once, and lets go of it', async () => {
    for (const object of [service('shop', 0), slice('shop', 0, 1), await secret('shop', 0)]) api.objects.apply(object);
    await start();
    const before = await revision();
    api.objects.apply(ingress('shop', 0, '/'));
    expect((await settled()).entityCounts).toMatchObject({ routes: 1, targets: 1, certificates: 1, snis: 1 });
    expect(await revision()).toBe(before + 1);
    api.objects.delete(ingress('shop', 0, '/'));
    await settled();
    expect(await revision()).toBe(before + 2);
  });

  it('fetches only Secrets that something refers to, and reads only the namespaces it is told', async () => {
    for (const namespace of ['shop', 'other']) {
      for (const object of [service(namespace, 0), ingress(namespace, 0, '/')]) api.objects.apply(object);
      for (const n of [0, 1]) api.objects.apply(await secret(namespace, n));
    }
    await start({ 'watch-namespaces': 'shop' });
    // The first pass is complete: nothing of it comes later.
    expect((await status()).entityCounts).toMatchObject({ routes: 1, certificates: 1, snis: 1 });
    const fetched = api.requests.entries.filter(({ verb, resource }) => verb === 'get' && resource === 'secrets');
    expect(fetched.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(['shop/tls-0']);
  });
});
