import { silentLogger } from '@koko/lifecycle';
import { afterEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { routeOf, serviceOf, uuidOf } from '../test/entities.ts';
import { ConfigView } from './config-view.ts';
import type { FeedEntity } from './configuration-feed.ts';
import { Dispatcher } from './dispatcher.ts';
import { defaultLimits } from './limits.ts';
import { NodeRegistry } from './node-registry.ts';
import type { NodeLink, SessionHost } from './node-session.ts';
import { NodeSession } from './node-session.ts';
import type { Payload } from './payload-cache.ts';
import { PayloadCache } from './payload-cache.ts';

/** A connection that takes a payload when the test says so. */
class HeldLink implements NodeLink {
  readonly taken: Payload[] = [];
  #take: (() => void) | undefined;

  deliver(payload: Payload): Promise<void> {
    this.taken.push(payload);
    return new Promise((resolve) => (this.#take = resolve));
  }

  take(): void {
    this.#take?.();
  }

  close(): void {}

  terminate(): void {}
}

const sessions: NodeSession[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.end('test is over');
});

function rig(version = '3.9.3') {
  const view = new ConfigView('11111111-1111-4111-8111-111111111111');
  const payloads = new PayloadCache(view);
  const registry = new NodeRegistry(defaultLimits, () => 0);
  const dispatcher = new Dispatcher({ view, payloads, registry });
  const logged: string[] = [];
  const host: SessionHost = {
    registry,
    limits: defaultLimits,
    logger: { ...silentLogger, warn: (_fields, message) => void logged.push(message) },
    now: () => 0,
    versionRefusal: () => undefined,
    wake: (session) => dispatcher.request(session),
    delivered: () => {},
    reported: () => {},
    ended: () => {},
    isNewest: () => true,
  };
  const identity = { id: uuidOf(13, 1), hostname: 'h', version };
  registry.connect({ ...identity, ip: '', protocol: 'v1' });
  const link = new HeldLink();
  const session = new NodeSession(identity, 'v1', { host, link });
  sessions.push(session);
  let revision = 0;
  const feed = (...entities: readonly FeedEntity[]): void => {
    revision += 1;
    payloads.apply(
      view.apply({ kind: 'changes', revision, changes: entities.map((one) => ({ op: 'upsert', ...one })) }),
    );
    dispatcher.request(session);
  };
  /** Lets everything that is due happen. */
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 4; round += 1) await turn();
  };
  return { view, link, session, feed, settle, registry, logged, id: identity.id };
}

describe('dispatcher', () => {
  it('has one payload under way, and then only the newest', async () => {
    const { view, link, session, feed, settle } = rig();
    session.greet([]);
    session.pinged('0'.repeat(32));
    feed(serviceOf(1));
    await settle();
    expect(link.taken).toHaveLength(1);
    for (let change = 0; change < 5; change += 1) {
      feed(routeOf(1, { paths: [`/${change}`] }));
      await settle();
    }
    expect(link.taken).toHaveLength(1);
    link.take();
    await settle();
    expect(link.taken.map(({ configHash }) => configHash)).toEqual([link.taken[0]?.configHash, view.hashes.config]);
    link.take();
    await settle();
    expect(link.taken).toHaveLength(2);
  });

  it('waits for the first ping before it decides, and then sends nothing that is there already', async () => {
    const { view, link, session, feed, settle } = rig();
    feed(serviceOf(1));
    session.greet([]);
    await settle();
    expect(link.taken).toHaveLength(0);
    session.pinged(view.hashes.config);
    await settle();
    expect(link.taken).toHaveLength(0);
    feed(serviceOf(2));
    await settle();
    expect(link.taken).toHaveLength(1);
  });

  it('sends nothing for a change that was taken back before it could go out', async () => {
    const { view, link, session, feed, settle } = rig();
    feed(serviceOf(1));
    session.greet([]);
    session.pinged(view.hashes.config);
    feed(serviceOf(1, { port: 81 }));
    feed(serviceOf(1));
    await settle();
    expect(link.taken).toHaveLength(0);
  });

  it('withholds routes of both flavors from data planes before 3.7, and says so once', async () => {
    const { link, session, feed, settle, registry, logged, id } = rig('3.6.1');
    session.greet([]);
    session.pinged('0'.repeat(32));
    const expression = { expression: 'http.path == "/"', priority: 1, paths: null, hosts: null };
    feed(serviceOf(1), routeOf(1), routeOf(2, { service: { id: uuidOf(1, 1) }, ...expression }));
    await settle();
    feed(serviceOf(1, { port: 81 }));
    await settle();
    expect(link.taken).toHaveLength(0);
    expect(registry.find(id)?.problems).toMatchObject([{ code: 'ERR_NODE_ROUTES_MIXED' }]);
    expect(logged).toHaveLength(1);
    feed(routeOf(1, expression));
    await settle();
    expect(link.taken).toHaveLength(1);
    expect(registry.find(id)?.problems).toEqual([]);
  });
});
