import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ApiServer } from '@koko/api-server';
import type { Fault, RequestFacts } from '@koko/api-server';
import { SimulatedDataPlane } from '@koko/data-plane';
import { generateCertificatePair } from 'iic';
import type { Controller } from 'iic';
import { ClusterClient } from '../src/cluster-client.ts';
import { startController } from '../src/running-controller.ts';
import { settled } from '../src/settled.ts';
import { ingressOf, namespaceObject, serviceOf, shopsIn, sliceOf } from '../src/shop-objects.ts';
import { until } from '../src/until.ts';
import { describeOnBothServers } from './both-servers.ts';
import type { AnyApiServer } from './both-servers.ts';

const NAMESPACE = 'shop';
const SHOPS = 20;
const TIMEOUT_MS = 120_000;
const WAIT_MS = 30_000;

interface Listing {
  readonly kind: string;
  readonly lists: number;
}

describeOnBothServers('an API server that goes away and comes back', (kind) => {
  let stop: AbortController;
  let server: AnyApiServer;
  let client: ClusterClient;
  let controller: Controller;
  /** What the data plane runs. */
  let hash = '';

  beforeEach(async () => {
    stop = new AbortController();
    server = kind.create();
    await server.start();
    client = await ClusterClient.connect(server.kubeconfig(), stop.signal);
    await client.create(namespaceObject(NAMESPACE));
    await client.forEach(await shopsIn(NAMESPACE, SHOPS), (object) => client.create(object));
    const certificates = await generateCertificatePair();
    controller = await startController(server.kubeconfig(), { certificates });
    void dataPlane(certificates).run(stop.signal, () => undefined);
    await settled(client, controller);
    await until(() => (hash === served() ? undefined : 'the data plane has no configuration'), WAIT_MS);
  }, TIMEOUT_MS);

  afterEach(async () => {
    stop.abort();
    await controller.lifecycle.stop();
    client.close();
    await server.stop();
  }, TIMEOUT_MS);

  const dataPlane = ({ certificate, key }: { certificate: string; key: string }): SimulatedDataPlane =>
    new SimulatedDataPlane({
      controlPlane: `wss://127.0.0.1:${controller.dataPlaneServer.port}`,
      certificate,
      key,
      onEvent: (event) => {
        if (event.event === 'configured') ({ hash } = event);
      },
    });
  const served = (): string => controller.dataPlaneServer.status().configHash;

  /** Nothing that fails is taken for an answer. */
  async function whileDown(before: string): Promise<void> {
    await until(
      async () => ((await states()).every((state) => state !== 'watching') ? undefined : 'it watches'),
      WAIT_MS,
    );
    expect([hash, served()]).toEqual([before, before]);
    expect(controller.lifecycle.isReady()).toBe(true);
  }

  async function reflectors(): Promise<readonly (Listing & { state: string })[]> {
    const response = await fetch(`http://127.0.0.1:${controller.healthServer.port}/status`);
    // The answer of our own server.
    const { source } = (await response.json()) as {
      source: { cluster: { reflectors: (Listing & { state: string })[] } };
    };
    return source.cluster.reflectors.filter(({ lists }) => lists > 0); // kinds that are served
  }

  const states = async (): Promise<readonly string[]> => (await reflectors()).map(({ state }) => state);

  it(
    'keeps the configuration while it is away, and follows it afterwards where its data was kept',
    async () => {
      const before = hash;
      await server.restart({ keepData: true }, () => whileDown(before));
      await client.apply(ingressOf({ namespace: NAMESPACE, number: 0 }, { path: '/after' }));
      await client.apply(sliceOf({ namespace: NAMESPACE, number: 1 }, 77));
      await settled(client, controller);
      await until(() => (hash === served() ? undefined : 'the data plane lags behind'), WAIT_MS);
      expect(hash).not.toBe(before);
      expect(controller.lifecycle.isHealthy()).toBe(true);
    },
    TIMEOUT_MS,
  );

  it(
    'believes an empty cluster',
    async () => {
      const before = hash;
      await server.restart({ keepData: false }, () => whileDown(before));
      await until(() => (controller.store.count('routes') === 0 ? undefined : 'routes are left'), WAIT_MS);
      expect(await settled(client, controller)).toEqual(new Map());
      await until(() => (hash === served() ? undefined : 'the data plane lags behind'), WAIT_MS);
      await client.create(namespaceObject(NAMESPACE));
      const shop = { namespace: NAMESPACE, number: 3 };
      for (const object of [serviceOf(shop), sliceOf(shop), ingressOf(shop)]) await client.create(object);
      expect((await settled(client, controller)).size).toBeGreaterThan(0);
      expect(controller.lifecycle.isHealthy()).toBe(true);
    },
    TIMEOUT_MS,
  );

  const lies: readonly [string, Fault][] = [
    ['an error', { kind: 'status', code: 500 }],
    ['half an answer', { kind: 'truncate', afterBytes: 60 }],
    ['a reset', { kind: 'reset' }],
  ];
  if (kind.isReal) return; // it tells no lies

  it.each(lies)(
    'never takes %s for an empty list',
    async (_name, fault) => {
      if (!(server instanceof ApiServer)) throw new TypeError('Faults need the server in process');
      const isOfIngresses = ({ verb, resource }: RequestFacts): boolean =>
        resource === 'ingresses' && (verb === 'list' || verb === 'watch');
      const armed = server.faults.add({ match: isOfIngresses, fault });
      const routes = controller.store.count('routes');
      const before = await reflectors();
      await server.restart({ keepData: false });
      await until(async () => {
        const others = (await reflectors()).filter((listing) => listing.kind !== 'Ingress');
        const isListed = others.every((listing) => listing.lists > countOf(before, listing.kind));
        return isListed && armed.struck >= 5 ? undefined : 'not everything was asked for again';
      }, WAIT_MS);
      expect(controller.store.count('routes')).toBe(routes);
      armed.disarm();
      await until(() => (controller.store.count('routes') === 0 ? undefined : 'routes are left'), WAIT_MS);
      expect(await settled(client, controller)).toEqual(new Map());
    },
    TIMEOUT_MS,
  );
});

function countOf(listings: readonly Listing[], kind: string): number {
  return listings.find((listing) => listing.kind === kind)?.lists ?? 0;
}
