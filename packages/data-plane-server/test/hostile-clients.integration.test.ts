import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeFrame } from '@koko/wrpc';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import type { DataPlaneServerLimits } from '../src/index.ts';
import { configService, negotiationService } from '../src/index.ts';
import { sharedIdentity, type Identity } from './certificates.ts';
import { routeOf, uuidOf } from './entities.ts';
import { clientOptions, next, OutletNode, startServer, until, WrpcNode, type RunningServer } from './fixture.ts';

let identity: Identity;
beforeAll(async () => {
  identity = await sharedIdentity();
});

const running: RunningServer[] = [];
async function start(
  limits: Partial<DataPlaneServerLimits> = {},
  now: () => number = Date.now,
): Promise<RunningServer> {
  const server = await startServer(identity, { limits: { closeTimeoutMs: 200, ...limits }, now });
  running.push(server);
  return server;
}
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

const nodeId = uuidOf(0xf, 1);
const key = 'Sec-WebSocket-Key: e84oT602w6No2HYl+5d8rg==\r\n';
const upgradeText = (path: string, version: string, headers = key): string =>
  `GET ${path}?node_id=${nodeId}&node_hostname=vm&node_version=${version} HTTP/1.1\r\nHost: x\r\n` +
  `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${headers}\r\n`;

/** A TLS client with the right certificate and manners of its own. */
function rawClient(server: RunningServer): TLSSocket {
  const options = { port: server.server.port, host: '127.0.0.1', rejectUnauthorized: false };
  const socket = connect({ ...options, ...identity });
  socket.on('error', () => {}); // being cut off is what it is here for
  return socket;
}

/** A WebSocket frame of a client, masked with zeros. */
function frameOf(opcode: number, payload: Buffer): Buffer {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255];
  const [first = 0, ...rest] = length;
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | first, ...rest, 0, 0, 0, 0]), payload]);
}

/** Upgrades, then writes the same frame over and over without reading, until it is cut off. */
async function flood(server: RunningServer, upgrade: string, frames: { first: Buffer; others: Buffer }): Promise<void> {
  const socket = rawClient(server);
  socket.write(upgrade);
  await once(socket, 'data');
  socket.pause();
  socket.write(frames.first);
  const many = Buffer.concat(Array.from({ length: 500 }, () => frames.others));
  const ended = next(server.server, 'nodeDisconnected');
  const hasEnded = ended.then(() => true);
  while (!(await Promise.race([hasEnded, turn(false)]))) if (!socket.writableNeedDrain) socket.write(many);
  socket.destroy();
}

const problems = (server: RunningServer, id = nodeId): unknown => server.node(id)?.problems;

describe('data-plane server among hostile clients', () => {
  it('says what is wrong with requests that are none', async () => {
    const server = await start({ requestTimeoutMs: 100 });
    for (const [text, reason] of [
      ['nonsense\r\n\r\n', 'request is not readable as HTTP: Parse Error: Invalid method encountered'],
      [`GET / HTTP/1.1\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`, 'request header is over 16384 bytes'],
      ['GET / HTT', 'no complete request within 100 ms'],
      [upgradeText('/v1/outlet', '3.9.3', ''), 'Missing or invalid Sec-WebSocket-Key header'],
    ] as const) {
      const rejected = next(server.server, 'connectionRejected');
      const socket = rawClient(server);
      socket.resume().write(text);
      await expect(rejected).resolves.toEqual({ ip: '127.0.0.1', reason });
      await once(socket, 'close');
    }
    const lines = server.log.filter(({ message }) => message.includes('refused'));
    expect(lines).toHaveLength(4);
  });

  it('keeps the texts among strange labels and refuses endless lists of plugins', async () => {
    const server = await start();
    const odd = new OutletNode(server.url, identity);
    await once(odd.socket, 'open');
    const labels = '{"zone":"a","broken":{"toString":1},"number":1}';
    odd.socket.send(Buffer.from(`{"type":"basic_info","plugins":{},"labels":${labels}}`));
    await until(() => server.node(odd.id)?.labels['zone'] === 'a');
    expect(server.node(odd.id)?.labels).toEqual({ zone: 'a' });

    const plugins = Array.from({ length: 1001 }, (_, index) => `plugin-${index}`);
    const long = await OutletNode.connect(server, { plugins });
    await expect(long.closed).resolves.toMatchObject({ reason: 'data plane lists 1001 plugins, more than 1000' });
    await expect(WrpcNode.connect(server, { plugins: ['x'.repeat(256)] })).rejects.toThrow('more than 255 characters');
    expect(server.node(long.id)).toMatchObject({ plugins: [], problems: [{ code: 'ERR_NODE_FRAME_INVALID' }] });
  });

  it('ignores a second introduction and frames of unknown type, and says so', async () => {
    const server = await start();
    server.feed.snapshot([]);
    const node = await OutletNode.connect(server);
    await node.configured(() => server.server.status().configHash);
    node.greet([]);
    await until(() => server.node(node.id)?.problems[0]?.message.includes('for a second time') === true);
    node.socket.send(Buffer.from('{"type":"weather"}'));
    await until(() => server.node(node.id)?.problems[0]?.message.includes('unknown type') === true);
    expect(node.socket.readyState).toBe(node.socket.OPEN);
    expect(server.node(node.id)?.plugins).not.toEqual([]);
  });

  it('reports text frames and missing introductions on the node', async () => {
    let now = Date.now();
    const server = await start({ sweepIntervalMs: 5 }, () => now);
    const text = await OutletNode.connect(server);
    text.socket.send('hello');
    await text.closed;
    expect(problems(server, text.id)).toMatchObject([{ code: 'ERR_NODE_FRAME_INVALID' }]);
    const mute = new OutletNode(server.url, identity);
    await once(mute.socket, 'open');
    now += 6000;
    await mute.closed;
    expect(problems(server, mute.id)).toMatchObject([{ code: 'ERR_NODE_NOT_INTRODUCED' }]);
  });

  it('keeps the newest few connections of one node', async () => {
    const server = await start({ maxConnectionsPerNode: 3 });
    const nodes = await Promise.all(Array.from({ length: 30 }, () => OutletNode.connect(server, { id: nodeId })));
    await until(() => server.server.status().connections === 3);
    const open = nodes.filter(({ socket }) => socket.readyState === socket.OPEN);
    server.feed.snapshot([routeOf(1, { service: null })]);
    await Promise.all(open.map((node) => node.configured(() => server.server.status().configHash)));
    expect(open).toHaveLength(3);
  });

  it('does not blame a node that is back for its old, dead connection', async () => {
    let now = Date.now();
    const server = await start({ sweepIntervalMs: 5 }, () => now);
    const dead = await OutletNode.connect(server, { id: nodeId });
    await until(() => dead.pongs.length > 0);
    now += 30_000;
    const alive = await OutletNode.connect(server, { id: nodeId });
    await until(() => alive.pongs.length > 0);
    const ended = next(server.server, 'nodeDisconnected');
    now += 16_000;
    await expect(ended).resolves.toMatchObject({ nodeId, reason: 'data plane has been silent for 46 s' });
    expect(server.node(nodeId)).toMatchObject({ isConnected: true, problems: [] });
  });

  it('survives what data planes send that there is no room for', async () => {
    const server = await start({ maxNodes: 1 });
    await OutletNode.connect(server);
    const rejected = next(server.server, 'connectionRejected');
    const socket = rawClient(server);
    socket.resume().write(upgradeText('/v1/outlet', '3.9.3'));
    await expect(rejected).resolves.toMatchObject({ reason: '1 data planes are connected already' });
    socket.write(Buffer.from([0xc2, 0x80, 0, 0, 0, 0])); // reserved bits are an error
    await once(socket, 'close');
    expect(server.server.status().connections).toBe(1);
  });

  it('cuts off who goes on sending without reading the answers', async () => {
    const server = await start();
    const first = frameOf(2, Buffer.from('{"type":"basic_info","plugins":[]}'));
    const ping = frameOf(9, Buffer.alloc(32, '0'));
    await flood(server, upgradeText('/v1/outlet', '3.9.3'), { first, others: ping });
    expect(problems(server)).toMatchObject([{ code: 'ERR_NODE_SLOW', message: expect.stringContaining('pinging') }]);

    const head = { messageType: 2, serviceId: 9, methodId: 1, sequence: 1, acknowledges: 0 };
    const call = frameOf(2, encodeFrame({ ...head, deadlineSeconds: 4e9 }));
    const wrpc = upgradeText('/v1/wrpc', '3.1.1', `${key}Sec-WebSocket-Protocol: wrpc.konghq.com\r\n`);
    await flood(server, wrpc, { first: call, others: call });
    expect(problems(server)).toMatchObject([
      { code: 'ERR_NODE_WRPC_CALL_REFUSED' },
      { code: 'ERR_NODE_SLOW', message: expect.stringContaining('calling') },
    ]);
  });

  it('reports wRPC calls that it had to refuse, each kind once', async () => {
    const server = await start();
    const node = await WrpcNode.connect(server);
    const unknown = { id: 99, name: 'Unknown' };
    const call = (): Promise<unknown> => node.peer.callEncoded(configService, unknown, new Uint8Array(0));
    await expect(call()).rejects.toThrow('Invalid service (or rpc)');
    await expect(call()).rejects.toThrow('Invalid service (or rpc)');
    const { getCapabilities } = configService.methods;
    await expect(node.peer.call(configService, getCapabilities, {})).rejects.toThrow('Unhandled method');
    const { negotiateServices } = negotiationService.methods;
    const description = { type: 'KIND', version: '3.1.1', hostname: 'dp' };
    await node.peer.call(negotiationService, negotiateServices, { node: description, servicesRequested: [] });
    expect(server.node(node.id)?.problems.map(({ code, message }) => [code, message])).toEqual([
      ['ERR_NODE_WRPC_CALL_REFUSED', 'call answered with an error: Invalid service (or rpc)'],
      ['ERR_NODE_WRPC_CALL_REFUSED', 'call answered with an error: Unhandled method'],
      ['ERR_NODE_WRPC_CALL_REFUSED', 'Invalid CP Node Type: only KONG is known'],
    ]);
    node.peer.terminate();
  });

  it('gives the reason why it closed a wRPC connection, and counts nothing as taken that was not', async () => {
    const server = await start();
    const query = `node_id=${nodeId}&node_hostname=vm&node_version=3.1.1`;
    const socket = new WebSocket(`${server.url}/v1/wrpc?${query}`, ['wrpc.konghq.com'], clientOptions(identity));
    await once(socket, 'open');
    const ended = next(server.server, 'nodeDisconnected');
    socket.send('text');
    const [code] = (await once(socket, 'close')) as [number]; // arguments of the event
    expect(code).toBe(1003);
    await expect(ended).resolves.toMatchObject({ reason: expect.stringContaining('wRPC frames are binary') });

    const node = await WrpcNode.connect(server);
    node.answer = { accepted: false, errors: [{ id: 'r1', entity: 'routes', errType: 1 }] };
    server.feed.snapshot([]);
    await until(() => server.node(node.id)?.problems[0]?.code === 'ERR_NODE_CONFIG_REJECTED');
    expect(server.node(node.id)?.problems[0]?.message).toContain('routes r1');
    expect(server.node(node.id)?.deliveredHash).toBeUndefined();
    node.peer.terminate();
  });
});
