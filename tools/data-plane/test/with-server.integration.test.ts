import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConfigurationFeed, FeedEntity, FeedItem } from '@koko/data-plane-server';
import { DataPlaneServer } from '@koko/data-plane-server';
import type { EntityType } from '@koko/model';
import { validateEntity } from '@koko/model';
import { ConfigurationReader } from '../src/received-configuration.ts';
import type { RunningPlane } from './running-plane.ts';
import { startPlane } from './running-plane.ts';
import { certificateFile, keyFile, otherCertificateFile, otherKeyFile } from './scripted-control-plane.ts';

const id = (kind: number, number: number): string =>
  `${kind}0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

/** A feed that a test writes to. */
class ManualFeed implements ConfigurationFeed {
  readonly #items: FeedItem[] = [];
  #wake = (): void => {};

  push(item: FeedItem): void {
    this.#items.push(item);
    this.#wake();
  }

  async *subscribe(_since: number | undefined, signal: AbortSignal): AsyncIterable<FeedItem> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const item = this.#items.shift();
      if (item === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
      else yield item;
    }
  }
}

function entity(type: EntityType, input: Record<string, unknown>): FeedEntity {
  const result = validateEntity(type, input);
  if (!result.ok) throw new Error(result.problems[0].message);
  return { type, entity: result.value as unknown as FeedEntity['entity'] }; // every type used here has an id
}

const service = entity('services', { id: id(1, 1), name: 'orders', host: 'orders.local' });
const route = (path: string): FeedEntity =>
  entity('routes', { id: id(2, 1), name: 'orders', paths: [path], service: { id: id(1, 1) } });

let feed: ManualFeed;
let server: DataPlaneServer;
let stopServer: () => Promise<void>;
let planes: RunningPlane[];

beforeEach(async () => {
  feed = new ManualFeed();
  server = new DataPlaneServer({
    host: '127.0.0.1',
    port: 0,
    tls: { mode: 'shared', cert: readFileSync(certificateFile), key: readFileSync(keyFile) },
    feed,
    clusterId: id(9, 9),
  });
  planes = [];
  const controller = new AbortController();
  let done: Promise<void> | undefined;
  await new Promise<void>((resolve) => {
    done = server.run(controller.signal, resolve);
  });
  stopServer = async () => {
    controller.abort();
    await done;
  };
});

afterEach(async () => {
  await Promise.all(planes.map((plane) => plane.stop()));
  await stopServer();
});

function start(
  options: Parameters<typeof startPlane>[0] extends infer O ? Omit<O & object, 'controlPlane'> : never,
): RunningPlane {
  const plane = startPlane({ ...options, controlPlane: `wss://127.0.0.1:${server.port}` });
  planes.push(plane);
  return plane;
}

describe('with the data-plane server', () => {
  it.each([
    ['wrpc', '3.0.2'],
    ['wrpc', '3.1.1'],
    ['v1', '2.5.2'],
    ['v1', '2.7.2'],
    ['v1', '2.8.5'],
    ['v1', '3.4.2'],
    ['v1', '3.9.3'],
    ['v1', '3.10.0'],
  ] as const)(
    'brings a data plane to the configuration over %s as %s, and then to the next',
    async (protocol, version) => {
      feed.push({ kind: 'snapshot', revision: 1, entities: [service, route('/a')] });
      const plane = start({ protocol, version });
      const first = await plane.event('configured');
      expect(first.entities).toMatchObject({ services: 1, routes: 1 });
      expect(first.hash).toBe(server.status().configHash);
      feed.push({ kind: 'changes', revision: 2, changes: [{ op: 'upsert', ...route('/b') }] });
      const second = await plane.event('configured', 1);
      expect(second.changes).toEqual([expect.objectContaining({ op: 'update', type: 'routes', paths: ['/b'] })]);
      expect(plane.plane.configHash).toBe(server.status().configHash);
      expect(plane.events.filter(({ event }) => event === 'refused')).toEqual([]);
    },
  );

  it('brings two hundred of both protocols to the same hash', async () => {
    feed.push({ kind: 'snapshot', revision: 1, entities: [service, route('/a')] });
    const readers = {
      wrpc: new ConfigurationReader({ version: '3.1.1' }),
      v1: new ConfigurationReader({ version: '3.9.3' }),
    };
    const all = Array.from({ length: 200 }, (_, index) => {
      const protocol = index % 2 === 0 ? 'wrpc' : 'v1';
      return start({ protocol, reader: readers[protocol] });
    });
    const configured = await Promise.all(all.map((plane) => plane.event('configured')));
    expect(new Set(configured.map(({ hash }) => hash))).toEqual(new Set([server.status().configHash]));
  });

  it('is sent nothing after a reconnect with the right hash', async () => {
    feed.push({ kind: 'snapshot', revision: 1, entities: [service, route('/a')] });
    const { configHash: hash } = await start({ protocol: 'v1' })
      .event('configured')
      .then(() => server.status());
    const again = start({ protocol: 'v1', initialHash: hash, pingIntervalMs: 5 });
    await again.event('pinged', 5);
    expect(again.events.filter(({ event }) => event === 'received')).toEqual([]);
  });

  it('gets nothing with another certificate', async () => {
    feed.push({ kind: 'snapshot', revision: 1, entities: [service, route('/a')] });
    const stranger = start({ certificate: otherCertificateFile, key: otherKeyFile, ca: certificateFile });
    const failed = await stranger.event('failed');
    expect(failed.reason).toContain('does it know this client certificate?');
    expect(stranger.events.filter(({ event }) => event === 'connected')).toEqual([]);
  });
});
