import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { FeedEntity } from '../src/index.ts';
import { sharedIdentity, type Identity } from './certificates.ts';
import { consumerOf, routeOf, serviceOf } from './entities.ts';
import { OutletNode, startServer, until, WrpcNode, type RunningServer } from './fixture.ts';

let identity: Identity;
beforeAll(async () => {
  identity = await sharedIdentity();
});

const running: RunningServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

/** More than the buffers of a connection take, so that a reader that pauses holds up a payload in the middle. */
const ballast = Array.from({ length: 64 }, (_, index): FeedEntity => {
  const { entity } = consumerOf(index);
  return { type: 'consumers', entity: { ...entity, tags: [randomBytes(96 * 1024).toString('base64')] } };
});
const MARKED = [1, 130, 260];
const others = Array.from({ length: 300 }, (_, index) => [serviceOf(index), routeOf(index)]).flat();

/** One change of entities all over the configuration, which a mixture of two configurations would show in part. */
const marked = (mark: number): FeedEntity[] =>
  MARKED.flatMap((index) => [serviceOf(index, { retries: mark }), routeOf(index, { regex_priority: mark })]);

interface Received {
  readonly hash: string;
  readonly table: Readonly<Record<string, unknown>>;
}

/** The marks of a configuration, each once. */
function marksIn({ table }: Received): readonly unknown[] {
  const { services, routes } = table as { services: { retries: number }[]; routes: { regex_priority: number }[] }; // see `marked`
  const marks = [...services.map(({ retries }) => retries), ...routes.map((route) => route.regex_priority)];
  return [...new Set(marks.filter((mark) => mark >= 1000))];
}

/** A server with a large configuration, and the mark of each hash it had. */
async function start() {
  const server = await startServer(identity);
  running.push(server);
  const markOf = new Map<string, number>();
  const change = async (mark: number): Promise<void> => {
    const before = server.server.status().configHash;
    server.feed.upsert(...marked(mark));
    await until(() => server.server.status().configHash !== before);
    markOf.set(server.server.status().configHash, mark);
  };
  server.feed.snapshot([...ballast, ...others]);
  await until(() => server.server.status().revision !== undefined);
  await change(1000);
  return { ...server, change, markOf, hash: () => server.server.status().configHash };
}

const receivedBy = (node: OutletNode | WrpcNode): Received[] =>
  node instanceof OutletNode
    ? node.received.map((message) => ({ hash: message.config_hash, table: message.config_table }))
    : node.received.map(({ message, table }) => ({ hash: message.configHash, table }));

describe('data planes that read slowly', () => {
  it('get whole configurations, whatever changed while they were reading', async () => {
    const server = await start();
    const fast = [await OutletNode.connect(server), await WrpcNode.connect(server)];
    const slow = await OutletNode.connect(server);
    const halting = await OutletNode.connect(server);
    const all = [...fast, slow, halting];
    await Promise.all(all.map((node) => node.configured(server.hash)));
    slow.socket.pause();
    for (let mark = 1001; mark <= 1012; mark += 1) {
      if (mark % 3 === 0) halting.socket.pause();
      await server.change(mark);
      slow.ping(server.hash()); // the answers stand in line behind a configuration
      await Promise.all(fast.map((node) => node.configured(server.hash)));
      if (mark % 3 === 2) halting.socket.resume();
    }
    expect(receivedBy(slow).length).toBeLessThan(3);
    for (const { socket } of [slow, halting]) socket.resume();
    await Promise.all(all.map((node) => node.configured(server.hash)));
    for (const received of all.flatMap(receivedBy)) {
      expect(marksIn(received)).toEqual([server.markOf.get(received.hash)]);
    }
    expect(server.markOf.get(server.hash())).toBe(1012);
    for (const node of fast) if (node instanceof WrpcNode) node.peer.terminate();
  });

  it('leave nothing behind when they go in the middle of a configuration', async () => {
    const server = await start();
    const witness = await OutletNode.connect(server);
    await witness.configured(server.hash);
    const leaving = await Promise.all(Array.from({ length: 3 }, () => OutletNode.connect(server)));
    await Promise.all(leaving.map((node) => node.configured(server.hash)));
    for (const { socket } of leaving) socket.pause();
    await server.change(1001);
    await witness.configured(server.hash);
    for (const { socket } of leaving) socket.terminate();
    await until(() => server.server.status().connections === 1);
    await server.change(1002);
    await witness.configured(server.hash);
    expect(marksIn(receivedBy(witness).at(-1)!)).toEqual([1002]);
    expect(leaving.map(({ id }) => server.node(id)?.deliveredHash === server.hash())).toEqual([false, false, false]);
  });
});
