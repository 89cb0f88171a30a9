import { describe, expect, it } from '@jest/globals';
import { ApiServer, findServerBinaries, RealApiServer } from '@koko/api-server';
import type { Fault, WrittenObject } from '@koko/api-server';
import { ApiClient, ClusterLease, ClusterSource, LeaderElector, loadClusterAccess } from '@koko/kubernetes';
import type { ObjectReference } from '@koko/translator';

const limits = {
  retryFirstMs: 5,
  retryLongestMs: 50,
  missingFirstMs: 5,
  missingLongestMs: 50,
  silenceMs: 150,
  listSilenceMs: 150,
  pageSize: 4,
};
const never = new AbortController().signal;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function withSource(
  server: { kubeconfig(): string },
  body: (source: ClusterSource) => Promise<void>,
  isFaulty = false,
): Promise<void> {
  const access = await loadClusterAccess({ content: server.kubeconfig() });
  const client = new ApiClient({ access, timeoutMs: isFaulty ? 300 : 30_000 });
  const source = new ClusterSource({ client, limits });
  const stop = new AbortController();
  const running = source.run(stop.signal, () => {});
  try {
    await source.synced(AbortSignal.timeout(10_000));
    await body(source);
  } finally {
    stop.abort();
    await running;
    client.close();
  }
}

const service = (name: string, port = 80): WrittenObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', annotations: { city: 'Zürich 🏔' } },
  spec: { clusterIP: 'None', ports: [{ port }] },
});
const slice = (name: string, leader: string): WrittenObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': leader } },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.1'] }],
});
const secret = (name: string, value: string): WrittenObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'default' },
  data: { 'tls.crt': Buffer.from(value).toString('base64') },
});
const parameters: WrittenObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'ingressclassparameterses.configuration.konghq.com' },
  spec: {
    group: 'configuration.konghq.com',
    scope: 'Namespaced',
    names: { kind: 'IngressClassParameters', plural: 'ingressclassparameterses', singular: 'ingressclassparameters' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

const portsOf = (
  objects: Iterable<{ readonly metadata: { readonly name: string }; readonly [field: string]: unknown }>,
): string =>
  [...objects]
    .map(({ metadata, spec }) => `${metadata.name} ${String((spec as { ports: { port: number }[] }).ports[0]?.port)}`)
    .sort()
    .join();

const faults: readonly Fault[] = [
  { kind: 'reset' },
  { kind: 'reset', afterBytes: 100 },
  { kind: 'stall', afterBytes: 50 },
  { kind: 'truncate', afterBytes: 120 },
  { kind: 'delay', delayMs: 20 },
  { kind: 'status', code: 410, reason: 'Expired' },
  { kind: 'status', code: 429, retryAfterSeconds: 0 },
  { kind: 'status', code: 500 },
  { kind: 'status', code: 503 },
  { kind: 'error-event', code: 410 },
  { kind: 'error-event', code: 500, afterEvents: 1 },
  { kind: 'malformed-line' },
  { kind: 'split', pieces: 'inside-characters' },
];

describe('a cluster source at the API server in process', () => {
  it.each([true, false])(
    'loses no change through faults of every kind (streamed lists: %s)',
    async (streamedLists) => {
      const server = new ApiServer({ streamedLists, historyEvents: 50 });
      await server.start();
      try {
        await withSource(
          server,
          async (source) => {
            const expected = new Map<string, string>();
            let state = 5;
            const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
            for (let step = 0; step < 200; step += 1) {
              const name = `s${random(10)}`;
              if (expected.has(name) && random(3) === 0) {
                server.objects.delete(service(name));
                expected.delete(name);
              } else {
                server.objects.apply(service(name, step + 1));
                expected.set(name, `${name} ${step + 1}`);
              }
              const fault = faults[random(faults.length)];
              const match = ({ resource }: { resource: string }): boolean => resource === 'services';
              if (fault !== undefined && random(2) === 0) server.faults.strike({ match, fault });
              if (fault !== undefined && random(3) === 0) server.faults.add({ match, fault, times: 1 });
              await new Promise((resolve) => setTimeout(resolve, 1));
            }
            server.faults.clear();
            await until(() => portsOf(source.list('Service')) === [...expected.values()].sort().join());
            expect(source.status().reflectors.find(({ kind }) => kind === 'Service')?.failures).toBeGreaterThan(3);
          },
          true,
        );
      } finally {
        await server.stop();
      }
    },
    30_000,
  );

  it('survives restarts with and without data', async () => {
    const server = new ApiServer();
    await server.start();
    try {
      server.objects.apply(service('a'));
      await withSource(server, async (source) => {
        await server.restart({ keepData: true });
        server.objects.apply(service('b', 81));
        await until(() => portsOf(source.list('Service')) === 'a 80,b 81');
        await server.restart({ keepData: false });
        server.objects.apply(service('c'));
        await until(() => portsOf(source.list('Service')) === 'c 80');
      });
    } finally {
      await server.stop();
    }
  }, 30_000);

  it('follows kinds and Secrets that come and go', async () => {
    const server = new ApiServer();
    await server.start();
    try {
      await followKindsAndSecrets(server, {
        apply: async (object) => void server.objects.apply(object),
        remove: async (object) => void server.objects.delete(object),
      });
    } finally {
      await server.stop();
    }
  }, 30_000);

  it('elects one leader, who gives the Lease back', async () => {
    const server = new ApiServer();
    await server.start();
    try {
      await electOneOfTwo(server);
    } finally {
      await server.stop();
    }
  }, 30_000);
});

describe('a cluster source at the real API server', () => {
  const binaries = findServerBinaries(process.env);
  if (binaries === undefined)
    process.stderr.write('Not tried with the real API server: there is none; `npm run build-real` makes it\n');

  (binaries === undefined ? it.skip : it)(
    'follows kinds and Secrets that come and go, and elects one leader',
    async () => {
      const server = new RealApiServer({ binaries: binaries ?? '' });
      await server.start();
      try {
        const client = new ApiClient({ access: await loadClusterAccess({ content: server.kubeconfig() }) });
        await followKindsAndSecrets(server, {
          apply: async (object) => {
            const path = pathOf(object);
            const found = await client.request({ verb: 'get', resource: 'test', path }, never).catch(() => undefined);
            const create = path.slice(0, path.lastIndexOf('/'));
            if (found === undefined)
              await client.request({ verb: 'create', resource: 'test', path: create, body: object }, never);
            else await client.request({ verb: 'patch', resource: 'test', path, body: object }, never);
          },
          remove: async (object) => {
            await client.request({ verb: 'delete', resource: 'test', path: pathOf(object) }, never);
          },
        });
        await electOneOfTwo(server);
        client.close();
      } finally {
        await server.stop();
      }
    },
    90_000,
  );
});

interface Writer {
  readonly apply: (object: WrittenObject) => Promise<void>;
  readonly remove: (object: WrittenObject) => Promise<void>;
}

async function followKindsAndSecrets(server: { kubeconfig(): string }, { apply, remove }: Writer): Promise<void> {
  const reference: ObjectReference = { kind: 'Secret', namespace: 'default', name: 'cert' };
  const app: ObjectReference = { kind: 'Service', namespace: 'default', name: 'app' };
  await apply(secret('cert', 'one'));
  await apply(secret('unused', 'two'));
  for (const object of [service('app'), slice('app-1', 'app'), service('unused'), slice('unused-1', 'unused')])
    await apply(object);
  await withSource(server, async (source) => {
    const held = (): unknown => (source.find(reference)?.['data'] as Record<string, unknown> | undefined)?.['tls.crt'];
    const { here, awaited } = source.demand([app, reference]);
    expect(here.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['Service app', 'EndpointSlice app-1']);
    expect(awaited).toEqual([reference]);
    await source.settled(awaited, never);
    expect(held()).toBe(Buffer.from('one').toString('base64'));
    expect(JSON.stringify([...source.list('Secret')])).not.toContain('tls.crt');
    await apply(secret('cert', 'three'));
    await until(() => held() === Buffer.from('three').toString('base64'));
    expect(source.release([app, reference])).toHaveLength(3);
    expect([held(), source.find(app)]).toEqual([undefined, undefined]);
    const missing = (): boolean =>
      source.status().reflectors.some(({ kind, state }) => kind === 'IngressClassParameters' && state === 'missing');
    expect(missing()).toBe(true);
    await apply(parameters);
    await until(() => !missing());
    const object = {
      apiVersion: 'configuration.konghq.com/v1alpha1',
      kind: 'IngressClassParameters',
      spec: { serviceUpstream: true },
    };
    await until(() =>
      source.status().reflectors.every(({ kind, state }) => kind !== 'IngressClassParameters' || state === 'watching'),
    );
    await apply({ ...object, metadata: { name: 'p', namespace: 'default' } });
    await until(() => [...source.list('IngressClassParameters')].length === 1);
    await remove(parameters);
    await until(() => missing() && [...source.list('IngressClassParameters')].length === 0);
  });
}

async function electOneOfTwo(server: { kubeconfig(): string }): Promise<void> {
  const client = new ApiClient({ access: await loadClusterAccess({ content: server.kubeconfig() }) });
  const lease = new ClusterLease(client, 'default', 'iic');
  const durations = { leaseDurationMs: 3000, renewDeadlineMs: 2000, retryPeriodMs: 50 };
  const contenders = ['a', 'b'].map((identity) => {
    const stop = new AbortController();
    const elector = new LeaderElector({ lease, identity, onGained: () => {}, onLost: () => {}, ...durations });
    return { elector, stop, running: elector.run(stop.signal, () => {}) };
  });
  const leading = (): readonly (typeof contenders)[number][] => contenders.filter(({ elector }) => elector.isLeading);
  await until(() => leading().length === 1);
  const [first] = leading();
  first?.stop.abort();
  await first?.running;
  await until(() => leading().length === 1 && leading()[0] !== first);
  for (const { stop } of contenders) stop.abort();
  await Promise.all(contenders.map(({ running }) => running));
  expect((await lease.read(never))?.record.holder).toBe('');
  client.close();
}

function pathOf({ apiVersion, kind, metadata: { namespace, name } }: WrittenObject): string {
  const plurals: Readonly<Record<string, string>> = {
    Secret: 'secrets',
    Service: 'services',
    EndpointSlice: 'endpointslices',
    CustomResourceDefinition: 'customresourcedefinitions',
    IngressClassParameters: 'ingressclassparameterses',
  };
  const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${base}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plurals[kind] ?? ''}/${name}`;
}
