import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { gunzipSync } from 'node:zlib';
import { consumerOf, keyAuthOf, pluginOf, routeOf, serviceOf, targetOf, upstreamOf, uuidOf } from '../test/entities.ts';
import { ConfigView } from './config-view.ts';
import type { FeedChange, FeedEntity, FeedItem } from './configuration-feed.ts';
import type { Payload } from './payload-cache.ts';
import { PayloadCache } from './payload-cache.ts';
import { newestSchemaVersion, schemaVersionOf } from './schema-version.ts';

const CLUSTER_ID = '11111111-1111-4111-8111-111111111111';
const schemas = [newestSchemaVersion, schemaVersionOf('3.1.1'), schemaVersionOf('2.8.5')];

interface Rig {
  readonly view: ConfigView;
  readonly cache: PayloadCache;
  readonly feed: (item: FeedItem) => void;
}

const bytesOf = ({ pieces }: Payload): Buffer => Buffer.concat(pieces);

function rig(): Rig {
  const view = new ConfigView(CLUSTER_ID);
  const cache = new PayloadCache(view);
  for (const schema of schemas) cache.projectionOf(schema); // kept up from the start, not built at the end
  return { view, cache, feed: (item) => cache.apply(view.apply(item)) };
}

const snapshot = (entities: readonly FeedEntity[]): FeedItem => ({ kind: 'snapshot', revision: 1, entities });
const upsert = (...entities: readonly FeedEntity[]): FeedItem => ({
  kind: 'changes',
  revision: 2,
  changes: entities.map((entity) => ({ op: 'upsert', ...entity })),
});

const documentsOf = ({ cache }: Rig): string[] =>
  schemas.map((schema) => gunzipSync(bytesOf(cache.payloadFor('v1', schema, []))).toString());

const tableOf = ({ cache }: Rig, schema = newestSchemaVersion): Record<string, { id: string }[]> =>
  (
    JSON.parse(gunzipSync(bytesOf(cache.payloadFor('v1', schema, []))).toString()) as {
      config_table: Record<string, { id: string }[]>;
    }
  ).config_table;

describe('configuration view', () => {
  it('leaves out disabled services, what hangs on them, and disabled plugins, and takes them back', () => {
    const it = rig();
    const plugin = pluginOf(1, { route: { id: uuidOf(2, 1) } });
    it.feed(snapshot([serviceOf(1), routeOf(1), plugin, pluginOf(2, { enabled: false }), serviceOf(2), routeOf(2)]));
    const before = it.view.hashes;
    expect(it.view.counts).toEqual({ parameters: 1, services: 2, routes: 2, plugins: 1 });
    it.feed(upsert(serviceOf(1, { enabled: false })));
    expect(it.view.counts).toEqual({ parameters: 1, services: 1, routes: 1 });
    expect(it.view.usedPlugins).toEqual([]);
    expect(tableOf(it)['routes']).toHaveLength(1);
    expect(tableOf(it)).not.toHaveProperty('plugins');
    it.feed(upsert(serviceOf(1)));
    expect(it.view.hashes).toEqual(before);
    expect(it.view.usedPlugins).toEqual(['cors']);
  });

  it('leaves out what refers to something absent, until that comes', () => {
    const it = rig();
    it.feed(snapshot([routeOf(1), keyAuthOf(1, 1)]));
    expect(it.view.counts).toEqual({ parameters: 1 });
    it.feed(upsert(serviceOf(1), consumerOf(1)));
    expect(it.view.counts).toEqual({ parameters: 1, services: 1, routes: 1, consumers: 1, keyauth_credentials: 1 });
  });

  it('writes references as ids and nothing of updated_at, so that touching changes nothing', () => {
    const it = rig();
    it.feed(snapshot([serviceOf(1), routeOf(1)]));
    const { hashes } = it.view;
    const [route] = tableOf(it)['routes'] as unknown as Record<string, unknown>[];
    expect(route).toMatchObject({ service: uuidOf(1, 1), methods: null, created_at: 1700000000 });
    expect(route).not.toHaveProperty('updated_at');
    it.feed(upsert(serviceOf(1, { updated_at: 1800000000 })));
    expect(it.view.hashes).toEqual(hashes);
  });

  it('changes the hashes of the parts that changed, and of the whole', () => {
    const it = rig();
    it.feed(snapshot([serviceOf(1), routeOf(1), upstreamOf(1), targetOf(1, 1)]));
    const before = it.view.hashes;
    it.feed(upsert(targetOf(1, 1, { weight: 0 })));
    const after = it.view.hashes;
    const changed = Object.keys(before).filter((key) => before[key as 'config'] !== after[key as 'config']);
    expect(changed.sort()).toEqual(['config', 'targets']);
    expect(after.plugins).toBe('0'.repeat(32));
  });

  it('shares one payload between classes of data planes that get the same', () => {
    const it = rig();
    it.feed(snapshot([serviceOf(1), routeOf(1)]));
    const payload = (version: string): Payload => it.cache.payloadFor('v1', schemaVersionOf(version), []);
    expect(payload('3.4.2')).toBe(payload('3.9.3'));
    it.feed(upsert(upstreamOf(1, { algorithm: 'latency' })));
    expect(payload('3.4.2')).toBe(payload('3.9.3'));
    expect(payload('3.1.1')).not.toBe(payload('3.9.3'));
  });

  it('ends, after any sequence of changes, with what a start from nothing gives', () => {
    const id = fc.integer({ min: 0, max: 5 });
    const entity = fc.oneof(
      fc.tuple(id, fc.boolean()).map(([n, enabled]) => serviceOf(n, { enabled })),
      fc
        .tuple(id, id, fc.constantFrom('/a', '~/a/\\d', '/a(b)'))
        .map(([n, service, path]) => routeOf(n, { service: { id: uuidOf(1, service) }, paths: [path] })),
      fc
        .tuple(id, id, fc.boolean())
        .map(([n, route, enabled]) => pluginOf(n, { enabled, route: { id: uuidOf(2, route) } })),
      fc.tuple(id, fc.constantFrom('latency', 'round-robin')).map(([n, algorithm]) => upstreamOf(n, { algorithm })),
      fc.tuple(id, id).map(([n, upstream]) => targetOf(n, upstream)),
    );
    const change = fc
      .tuple(entity, fc.boolean())
      .map(([one, remove]): FeedChange =>
        remove ? { op: 'delete', type: one.type, id: one.entity.id } : { op: 'upsert', ...one },
      );
    const item = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.array(change, { maxLength: 6 }).map((changes) => ({ kind: 'changes', changes }) as const),
      },
      {
        weight: 1,
        arbitrary: fc.array(entity, { maxLength: 12 }).map((entities) => ({ kind: 'snapshot', entities }) as const),
      },
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 25 }), (items) => {
        const incremental = rig();
        const content = new Map<string, FeedEntity>();
        items.forEach((one, revision) => {
          incremental.feed({ ...one, revision });
          documentsOf(incremental); // parts are cached on the way
          if (one.kind === 'snapshot') content.clear();
          for (const entry of one.kind === 'snapshot'
            ? one.entities.map((e) => ({ op: 'upsert', ...e }) as const)
            : one.changes) {
            if (entry.op === 'delete') content.delete(`${entry.type}/${entry.id}`);
            else content.set(`${entry.type}/${entry.entity.id}`, { type: entry.type, entity: entry.entity });
          }
        });
        const fresh = rig();
        fresh.feed(snapshot([...content.values()].reverse()));
        expect(incremental.view.hashes).toEqual(fresh.view.hashes);
        expect(documentsOf(incremental)).toEqual(documentsOf(fresh));
      }),
      { numRuns: 60 },
    );
  });
});
