import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiServer } from '@koko/api-server';
import type { Controller } from 'iic';
import { ClusterClient } from '../src/cluster-client.ts';
import { usedHeapMib } from '../src/faults/heap.ts';
import { startController } from '../src/running-controller.ts';
import { settled } from '../src/settled.ts';
import { ingressClass, ingressOf, namespaceObject, secretOf, serviceOf, sliceOf } from '../src/shop-objects.ts';
import { until } from '../src/until.ts';

const LONG_MS = 120_000;
const QUIET_WITHIN_MS = 30_000;
const SHOPS_PER_ROUND = 100;
/** What a shop that has come and gone may leave behind for a while, such as when its status was written; its Secret alone is as large. */
const KIB_PER_SHOP = 4;

let server: ApiServer;
let client: ClusterClient;
let stop: AbortController;
let controller: Controller;

beforeEach(async () => {
  stop = new AbortController();
  server = new ApiServer({ historyEvents: 100, loggedRequests: 10 });
  await server.start();
  client = await ClusterClient.connect(server.kubeconfig(), stop.signal);
  await client.create(namespaceObject('shop'));
  await client.create(ingressClass('kong'));
  controller = await startController(server.kubeconfig(), { settings: { 'publish-status-address': '192.0.2.1' } });
});

afterEach(async () => {
  await controller.lifecycle.stop();
  stop.abort();
  client.close();
  await server.stop();
});

/** Shops come, every second one without its Service, are reported on, and go. */
async function comeAndGo(count: number): Promise<void> {
  const shops = Array.from({ length: count }, (_, number) => ({ namespace: 'shop', number }));
  const secret = await secretOf({ namespace: 'shop', number: 0 });
  const objectsOf = (shop: { namespace: string; number: number }): ReturnType<typeof ingressOf>[] => [
    { ...secret, metadata: { ...secret.metadata, name: `tls-${shop.number}` } },
    ...(shop.number % 2 === 0 ? [] : [serviceOf(shop), sliceOf(shop)]),
    ingressOf(shop),
  ];
  await client.forEach(shops.flatMap(objectsOf), (object) => client.create(object));
  await settled(client, controller);
  await client.forEach(shops.flatMap(objectsOf), (object) => client.remove(object));
  await settled(client, controller);
  const events = await client.list('Event');
  await client.forEach(events, ({ kind, metadata: { name } }) =>
    client.remove({ kind, apiVersion: 'v1', metadata: { namespace: 'shop', name } }),
  );
}

/** What is open now, once everything is quiet: timers and connections are counted by kind. */
async function quiet(): Promise<ReadonlyMap<string, number>> {
  await until(async () => {
    const { port } = controller.healthServer;
    const response = await fetch(`http://127.0.0.1:${port}/status`, { headers: { connection: 'close' } });
    const { writes } = (await response.json()) as { writes: Record<string, { queued: number }> }; // our own answer
    const queued = Object.values(writes).reduce((sum, { queued: waiting }) => sum + waiting, 0);
    return queued === 0 ? undefined : `${queued} writes are under way`;
  }, QUIET_WITHIN_MS);
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

describe('A controller', () => {
  it(
    'holds nothing of objects that have come and gone',
    async () => {
      const rounds = 5;
      for (let round = 0; round < rounds; round += 1) await comeAndGo(SHOPS_PER_ROUND);
      await quiet();
      const before = usedHeapMib();
      for (let round = 0; round < rounds; round += 1) await comeAndGo(SHOPS_PER_ROUND);
      await quiet();
      const count = rounds * SHOPS_PER_ROUND;
      expect(((usedHeapMib() - before) * 1024) / count).toBeLessThan(KIB_PER_SHOP);
      expect(controller.store.counts()).toEqual({});
    },
    LONG_MS,
  );

  it(
    'holds no timer, connection or listener of the times that it led',
    async () => {
      const { lifecycle } = controller;
      await lifecycle.gainLeadership(); // the election may still be under way
      const turns = async (count: number): Promise<void> => {
        for (let turn = 0; turn < count; turn += 1) {
          await lifecycle.loseLeadership();
          await lifecycle.gainLeadership();
        }
      };
      await turns(5);
      const before = await quiet();
      await turns(50);
      const after = await quiet();
      for (const kind of ['Timeout', 'TCPSocketWrap'])
        expect((after.get(kind) ?? 0) - (before.get(kind) ?? 0)).toBeLessThan(10);
    },
    LONG_MS,
  );
});
