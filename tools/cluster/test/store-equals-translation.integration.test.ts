import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Controller } from 'iic';
import { ClusterClient } from '../src/cluster-client.ts';
import { definitionOf } from '../src/definitions.ts';
import type { Entities } from '../src/expected-entities.ts';
import { startController } from '../src/running-controller.ts';
import { SeededRandom } from '../src/seeded-random.ts';
import { settled } from '../src/settled.ts';
import {
  ingressClass,
  ingressOf,
  namespaceObject,
  secretOf,
  serviceOf,
  shopsIn,
  sliceOf,
} from '../src/shop-objects.ts';
import type { Shop } from '../src/shop-objects.ts';
import { until } from '../src/until.ts';
import { describeOnBothServers } from './both-servers.ts';
import type { AnyApiServer } from './both-servers.ts';

const NAMESPACES = ['shop-a', 'shop-b', 'shop-c', 'shop-d'];
const SHOPS_PER_NAMESPACE = 500;
const TIMEOUT_MS = 120_000;
const options = { featureGates: { KongServiceFacade: true } };
const settings = { 'feature-gates': 'KongServiceFacade=true' };

describeOnBothServers('2,000 Ingresses, whatever happens to them: the store equals a translation', (kind) => {
  const random = new SeededRandom(20_260_801);
  const stop = new AbortController();
  let server: AnyApiServer;
  let client: ClusterClient;
  let controller: Controller;

  beforeAll(async () => {
    server = kind.create();
    await server.start();
    client = await ClusterClient.connect(server.kubeconfig(), stop.signal);
    await client.forEach(NAMESPACES.map(namespaceObject), (object) => client.create(object));
    controller = await startController(server.kubeconfig(), { settings });
  }, TIMEOUT_MS);

  afterAll(async () => {
    await controller.lifecycle.stop();
    client.close();
    stop.abort();
    await server.stop();
  }, TIMEOUT_MS);

  const stores = (): Promise<Entities> => settled(client, controller, options);
  const anyShops = (count: number): readonly Shop[] =>
    Array.from({ length: count }, () => ({
      namespace: NAMESPACES[random.below(NAMESPACES.length)] ?? '',
      number: random.below(SHOPS_PER_NAMESPACE),
    })).filter((shop, index, all) => all.findIndex((other) => nameOf(other) === nameOf(shop)) === index);

  it(
    'after all were created at once, in any order',
    async () => {
      const objects = (await Promise.all(NAMESPACES.map((name) => shopsIn(name, SHOPS_PER_NAMESPACE)))).flat();
      await client.forEach(random.shuffled(objects), (object) => client.create(object));
      const entities = await stores();
      expect(countOf(entities, 'upstreams')).toBeGreaterThanOrEqual(2000);
      expect(countOf(entities, 'certificates')).toBe(40);
    },
    TIMEOUT_MS,
  );

  it(
    'after edits of every kind',
    async () => {
      const edits = anyShops(200).map((shop, index) => ({ shop, edit: index % 4 }));
      await client.forEach(edits, async ({ shop, edit }) => {
        if (edit === 0) await client.apply(ingressOf(shop, { path: '/edited' }));
        else if (edit === 1) await client.apply(sliceOf(shop, 2));
        else if (edit === 2) await client.apply(serviceOf(shop, 9090));
        else await client.apply(await secretOf({ ...shop, number: shop.number % 10 })).catch(ignoreConflict);
      });
      expect(pathsIn(await stores())).toContain('/edited/');
    },
    TIMEOUT_MS,
  );

  it(
    'after objects were deleted, and some created again',
    async () => {
      const gone = anyShops(120).flatMap((shop, index) =>
        [ingressOf(shop), serviceOf(shop), sliceOf(shop)].slice(index % 3, 1 + (index % 3) + (index % 2)),
      );
      await client.forEach(gone, (object) => client.remove(object));
      await client.remove(await secretOf({ namespace: 'shop-a', number: 3 }));
      expect(countOf(await stores(), 'certificates')).toBe(39);
      await client.forEach(gone, (object) => client.apply(object));
      await client.apply(await secretOf({ namespace: 'shop-a', number: 3 }));
      expect(countOf(await stores(), 'certificates')).toBe(40);
    },
    TIMEOUT_MS,
  );

  it(
    'after Ingresses changed to another class and back, and our class became the default',
    async () => {
      const switched = anyShops(100);
      await client.forEach(switched, (shop) => client.apply(ingressOf(shop, { className: 'not-ours' })));
      const without = await stores();
      await client.forEach(switched.slice(50), (shop) => client.apply(ingressOf(shop)));
      expect(countOf(await stores(), 'routes')).toBeGreaterThan(countOf(without, 'routes'));
      const [first] = switched;
      if (first === undefined) throw new TypeError('No Ingress was switched');
      await client.patch(ingressOf(first), { spec: { ingressClassName: null } });
      const before = countOf(await stores(), 'routes');
      const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
      await client.apply({ ...ingressClass('kong'), metadata: { name: 'kong', annotations } });
      expect(countOf(await stores(), 'routes')).toBeGreaterThan(before);
    },
    TIMEOUT_MS,
  );

  it(
    'after kinds were added and taken away',
    async () => {
      const definitions = [definitionOf('IngressClassParameters'), definitionOf('KongServiceFacade')];
      const reference = {
        apiGroup: 'configuration.konghq.com',
        kind: 'IngressClassParameters',
        name: 'p',
        namespace: 'shop-a',
        scope: 'Namespace',
      };
      await client.apply(ingressClass('kong', { parameters: reference }));
      const withoutKinds = await stores();
      await client.forEach(definitions, (definition) => client.create(definition));
      await untilServed(client);
      await client.create({
        apiVersion: 'configuration.konghq.com/v1alpha1',
        kind: 'IngressClassParameters',
        metadata: { name: 'p', namespace: 'shop-a' },
        spec: { serviceUpstream: true },
      });
      const ofServices = await stores();
      expect(countOf(ofServices, 'targets')).toBeLessThan(countOf(withoutKinds, 'targets'));
      await client.create(facade);
      await client.create(ingressToFacade);
      expect(hostsIn(await stores())).toContain('facade.example.com');
      await client.forEach(definitions, (definition) => client.remove(definition));
      await until(
        async () => ((await client.find(definitions[0] ?? facade)) ? 'a definition is left' : undefined),
        30_000,
      );
      const after = await stores();
      expect(countOf(after, 'targets')).toBe(countOf(withoutKinds, 'targets'));
      expect(hostsIn(after)).not.toContain('facade.example.com');
    },
    TIMEOUT_MS,
  );

  it(
    'after a namespace was deleted with all that was in it, and ends where a fresh start ends',
    async () => {
      await client.remove(namespaceObject('shop-d'));
      const name = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-d' } };
      await until(async () => ((await client.find(name)) ? 'the namespace is left' : undefined), 60_000);
      const entities = await stores();
      expect([...entities.values()].filter((entity) => JSON.stringify(entity).includes('shop-d'))).toEqual([]);
      const fresh = await startController(server.kubeconfig(), { settings });
      try {
        await settled(client, fresh, options);
        await until(() => {
          const [ours, theirs] = [controller, fresh].map(({ dataPlaneServer }) => dataPlaneServer.status().configHash);
          return ours === theirs ? undefined : `data planes are served ${ours}, by a fresh start ${theirs}`;
        }, 10_000);
      } finally {
        await fresh.lifecycle.stop();
      }
    },
    TIMEOUT_MS,
  );
});

const facade = {
  apiVersion: 'incubator.ingress-controller.konghq.com/v1alpha1',
  kind: 'KongServiceFacade',
  metadata: {
    name: 'facade',
    namespace: 'shop-b',
    annotations: { 'kubernetes.io/ingress.class': 'kong' },
  },
  spec: { backendRef: { name: 'shop-0', port: 80 } },
};

const ingressToFacade = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'to-facade', namespace: 'shop-b' },
  spec: {
    ingressClassName: 'kong',
    rules: [
      {
        host: 'facade.example.com',
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: {
                resource: {
                  apiGroup: 'incubator.ingress-controller.konghq.com',
                  kind: 'KongServiceFacade',
                  name: 'facade',
                },
              },
            },
          ],
        },
      },
    ],
  },
};

/** Definitions are served a moment after they are created. */
async function untilServed(client: ClusterClient): Promise<void> {
  await until(async () => {
    const definitions = await client.list('CustomResourceDefinition');
    const isServed = definitions.every(({ status }) => JSON.stringify(status).includes('"InitialNamesAccepted"'));
    return isServed ? undefined : 'a definition is not established';
  }, 30_000);
}

function nameOf({ namespace, number }: Shop): string {
  return `${namespace}/${number}`;
}

function countOf(entities: Entities, type: string): number {
  return [...entities.keys()].filter((key) => key.startsWith(`${type}/`)).length;
}

function valuesOf(entities: Entities, field: string): readonly string[] {
  return [...entities.values()].flatMap((entity) => (entity[field] ?? []) as readonly string[]); // a list of texts in routes
}

function pathsIn(entities: Entities): readonly string[] {
  return valuesOf(entities, 'paths');
}

function hostsIn(entities: Entities): readonly string[] {
  return valuesOf(entities, 'hosts');
}

/** Two edits of one shared Secret may cross. */
function ignoreConflict(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'ERR_KUBERNETES_CONFLICT') throw error; // any error may come
}
