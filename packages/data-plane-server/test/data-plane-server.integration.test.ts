import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import type { DataPlaneServerOptions } from '../src/index.ts';
import { authority, sharedIdentity, type Identity } from './certificates.ts';
import {
  consumerOf,
  ingressEntities,
  keyAuthOf,
  pluginOf,
  routeOf,
  serviceOf,
  upstreamOf,
  uuidOf,
} from './entities.ts';
import { clientOptions, next, OutletNode, startServer, until, WrpcNode, type RunningServer } from './fixture.ts';

let identity: Identity;
let stranger: Identity;
beforeAll(async () => {
  identity = await sharedIdentity();
  stranger = await sharedIdentity();
});

const running: RunningServer[] = [];
const start = async (
  options: Partial<DataPlaneServerOptions> = {},
  own: Identity = identity,
): Promise<RunningServer> => {
  const server = await startServer(own, options);
  running.push(server);
  return server;
};
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
});

/** What a raw TLS client reads until the connection ends. */
async function readAll(running: RunningServer, own: Identity | undefined, text: string): Promise<string> {
  const socket = connect({
    port: running.server.port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(own === undefined ? {} : { cert: own.cert, key: own.key }),
  });
  let received = '';
  socket.on('data', (data: Buffer) => (received += data.toString('latin1')));
  socket.on('error', () => {}); // a reset is an end, too
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return received;
}

const upgradeText = (path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: e84oT602w6No2HYl+5d8rg==\r\n\r\n`;
const goodQuery = `node_id=${uuidOf(0xe, 1)}&node_hostname=vm&node_version=3.9.3`;

describe('data-plane server', () => {
  it('brings one data plane of each protocol, and 200 more, to the same hash', async () => {
    const server = await start();
    const hash = (): string => server.server.status().configHash;
    server.feed.snapshot(ingressEntities(50));
    const wrpc = await WrpcNode.connect(server);
    const outlets = await Promise.all(Array.from({ length: 200 }, () => OutletNode.connect(server)));
    await wrpc.configured(hash);
    await Promise.all(outlets.map((node) => node.configured(hash)));

    server.feed.upsert(routeOf(3, { paths: ['/changed'] }));
    await next(server.server, 'configurationChanged');
    const table = await wrpc.configured(hash);
    const messages = await Promise.all(outlets.map((node) => node.configured(hash)));
    expect(new Set(outlets.map((node) => node.raw.at(-1)?.toString('base64'))).size).toBe(1);
    expect(JSON.stringify(table)).toContain('/changed');
    expect(messages[0]?.config_table['routes']).toHaveLength(50);
    expect(server.server.status()).toMatchObject({ connections: 201, entityCounts: { routes: 50, targets: 100 } });
    // All that a class of data planes needs is one buffer.
    expect(server.server.status().payloads).toHaveLength(2);
    await until(() => server.server.nodes().every((node) => node.protocol === 'wrpc' || node.configHash === hash()));
  });

  it('sends nothing to a data plane that comes back with the right hash, over either protocol', async () => {
    const server = await start();
    server.feed.snapshot(ingressEntities(3));
    await next(server.server, 'configurationChanged');
    const hash = server.server.status().configHash;
    const first = await OutletNode.connect(server);
    await first.configured(() => hash);
    first.socket.terminate();
    await first.closed;

    const pushes: string[] = [];
    server.server.events.on('pushed', ({ nodeId }) => pushes.push(nodeId));
    const reported = next(server.server, 'nodeReported');
    const second = await OutletNode.connect(server, { id: first.id, hash });
    await reported;
    const wrpc = await WrpcNode.connect(server, { hash });
    // A change reaches both, so whatever was sent before it would have arrived.
    server.feed.upsert(routeOf(0, { paths: ['/new'] }));
    await second.configured(() => server.server.status().configHash);
    await wrpc.configured(() => server.server.status().configHash);
    expect(second.received).toHaveLength(1);
    expect(wrpc.received).toHaveLength(1);
    expect(server.node(first.id)).toMatchObject({ isConnected: true, syncStatus: 'normal', labels: { zone: 'a' } });
  });

  it('sends nothing before the first complete configuration', async () => {
    const server = await start({ limits: { firstPingWaitMs: 1 } });
    const node = await OutletNode.connect(server);
    await until(() => node.pongs.length > 0);
    expect(node.received).toHaveLength(0);
    server.feed.snapshot([]);
    const message = await node.configured(() => server.server.status().configHash);
    expect(message.config_table).toEqual({
      _format_version: '3.0',
      _transform: false,
      parameters: [{ key: 'cluster_id', value: '11111111-1111-4111-8111-111111111111' }],
    });
    expect(message.config_hash).not.toBe('0'.repeat(32));
    expect(message.hashes).toMatchObject({ routes: '0'.repeat(32), config: message.config_hash });
  });

  it('sends nothing of an earlier run when it runs again', async () => {
    const first = await start();
    first.feed.snapshot(ingressEntities(3));
    await next(first.server, 'configurationChanged');
    await first.stop();
    const second = await first.again();
    running.push(second);
    const node = await OutletNode.connect(second);
    await until(() => node.pongs.length > 0);
    expect(node.received).toHaveLength(0);
    second.feed.snapshot(ingressEntities(2));
    const message = await node.configured(() => second.server.status().configHash);
    expect(message.config_table['routes']).toHaveLength(2);
    expect(node.received).toHaveLength(1);
  });

  it('gives no byte to a wrong certificate or none', async () => {
    const server = await start();
    server.feed.snapshot(ingressEntities(1));
    const reasons: string[] = [];
    server.server.events.on('connectionRejected', ({ reason }) => reasons.push(reason));
    for (const path of [`/v1/outlet?${goodQuery}`, `/v1/wrpc?${goodQuery}`, '/health', '/nowhere']) {
      await expect(readAll(server, stranger, upgradeText(path))).resolves.toBe('');
      await expect(readAll(server, undefined, upgradeText(path))).resolves.toBe('');
    }
    expect(reasons).toHaveLength(8);
    expect(reasons[0]).toContain('presented incorrect client certificate');
    expect(reasons[1]).toContain('failed to present client certificate');
    expect(server.server.nodes()).toHaveLength(0);
  });

  it('accepts what the authority signed in pki mode, and nothing else', async () => {
    const { ca, server: own, client } = await authority();
    const server = await start({ tls: { ...own, mode: 'pki', ca } }, own);
    server.feed.snapshot([]);
    const socket = new WebSocket(`${server.url}/v1/outlet?${goodQuery}`, { ...clientOptions(client), ca });
    await once(socket, 'open');
    await expect(readAll(server, stranger, upgradeText(`/v1/outlet?${goodQuery}`))).resolves.toBe('');
    await expect(readAll(server, client, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')).resolves.toContain('200 OK');
    socket.terminate();
  });

  it('answers probe, health and unknown paths, and names what is wrong with a node', async () => {
    const server = await start();
    const get = (
      path: string,
      method = 'GET',
    ): Promise<{ status: number | undefined; body: string; connection: string | undefined }> =>
      new Promise((resolve, reject) => {
        const { perMessageDeflate: _none, ...tls } = clientOptions(identity);
        const outgoing = request(
          { port: server.server.port, host: '127.0.0.1', path, method, agent: false, ...tls },
          (response) => {
            let body = '';
            response.on('data', (data: Buffer) => (body += data.toString()));
            response.on('end', () =>
              resolve({ status: response.statusCode, body, connection: response.headers.connection }),
            );
          },
        );
        outgoing.on('error', reject).end();
      });
    await expect(get('/v1/wrpc', 'HEAD')).resolves.toMatchObject({ status: 400, body: '' });
    await expect(get('/health')).resolves.toMatchObject({ status: 200, body: '' });
    await expect(get('/v3/outlet')).resolves.toMatchObject({ status: 404, connection: 'close' });
    const upgrade = (path: string): Promise<string> => readAll(server, identity, upgradeText(path));
    await expect(upgrade('/v2/outlet')).resolves.toMatch(/^HTTP\/1.1 404 [^]*Connection: close/);
    await expect(upgrade('/v1/outlet?node_version=3.9.3')).resolves.toMatch(/^HTTP\/1.1 400 [^]*node_id is missing/);
    await expect(upgrade('/v1/outlet?node_id=7&node_version=3.9.3')).resolves.toContain('node_id is not valid');
    await expect(upgrade(`/v1/outlet?node_id=${uuidOf(1, 1)}`)).resolves.toContain('node_version is missing');
    await expect(upgrade(`/v1/outlet?node_id=${uuidOf(1, 1)}&node_version=new`)).resolves.toContain(
      'node_version is not valid',
    );
    await expect(upgrade(`/v1/wrpc?${goodQuery}`)).resolves.toContain('Sec-WebSocket-Protocol must be wrpc.konghq.com');
  });

  it('survives a huge frame, random bytes and broken greetings, each with its own message', async () => {
    const server = await start({ limits: { closeTimeoutMs: 200 } });
    server.feed.snapshot(ingressEntities(2));
    const good = await OutletNode.connect(server);
    await good.configured(() => server.server.status().configHash);

    const huge = await OutletNode.connect(server);
    huge.socket.send(Buffer.alloc(20 * 1024 * 1024));
    await next(server.server, 'nodeDisconnected', ({ nodeId }) => nodeId === huge.id);
    expect(server.node(huge.id)?.problems[0]).toMatchObject({ code: 'ERR_NODE_FRAME_TOO_LARGE' });

    const later = await OutletNode.connect(server);
    later.socket.send(randomBytes(300));
    await until(() => server.node(later.id)?.problems[0]?.code === 'ERR_NODE_FRAME_INVALID');
    expect(later.socket.readyState).toBe(later.socket.OPEN);

    for (const [frame, reason] of [
      [randomBytes(100), 'the first frame must be basic_info, this one is not JSON'],
      [Buffer.from('{"type":"hello"}'), 'the first frame must be basic_info, this one has another type'],
      [Buffer.from('{"type":"basic_info"}'), 'basic_info must have a list of plugins'],
      ['text', 'frames must be binary, this one is text'],
    ] as const) {
      const node = new OutletNode(server.url, identity);
      await once(node.socket, 'open');
      node.socket.send(frame);
      await expect(node.closed).resolves.toMatchObject({ reason });
    }
    const wrpc = await WrpcNode.connect(server);
    const closed = new Promise<{ code: number }>((resolve) => wrpc.peer.events.once('closed', resolve));
    wrpc.peer.close();
    await closed;
    const query = goodQuery.replace('3.9.3', '3.1.1');
    const noise = new WebSocket(`${server.url}/v1/wrpc?${query}`, ['wrpc.konghq.com'], clientOptions(identity));
    await once(noise, 'open');
    noise.send(Buffer.from('this is no protobuf'));
    const [code] = (await once(noise, 'close')) as [number]; // arguments of the event
    expect(code).toBe(1007);
    expect(server.node(uuidOf(0xe, 1))?.problems[0]?.message).toContain('Cannot read wRPC frame');

    server.feed.upsert(routeOf(0, { paths: ['/still-alive'] }));
    await good.configured(() => server.server.status().configHash);
  });

  it('withholds a configuration whose plugins a data plane lacks, and sends it once it can', async () => {
    const server = await start();
    const plugin = pluginOf(1, { name: 'rate-limiting' });
    server.feed.snapshot([...ingressEntities(1), plugin, consumerOf(1), keyAuthOf(1, 1)]);
    await next(server.server, 'configurationChanged');
    const node = await OutletNode.connect(server, { plugins: ['cors'] });
    await until(() => server.node(node.id)?.syncStatus === 'plugin_set_incompatible');
    expect(server.node(node.id)?.problems[0]?.message).toContain('rate-limiting');
    expect(node.socket.readyState).toBe(node.socket.OPEN);
    server.feed.delete(plugin);
    const message = await node.configured(() => server.server.status().configHash);
    // A data plane without key-auth does not know the collection of its credentials.
    expect(Object.keys(message.config_table)).not.toContain('keyauth_credentials');
    expect(Object.keys(message.config_table)).toContain('consumers');
    expect(server.node(node.id)).toMatchObject({
      syncStatus: 'normal',
      problems: [{ code: 'ERR_NODE_COLLECTION_UNKNOWN' }],
    });
  });

  it('refuses data planes that are newer, and old majors when it is to be as strict as Kong', async () => {
    const server = await start({ version: '3.4.0' });
    const node = await OutletNode.connect(server, { version: '3.9.3' });
    await expect(node.closed).resolves.toMatchObject({ code: 1008 });
    expect(server.node(node.id)?.syncStatus).toBe('kong_version_incompatible');
    const strict = await start({ acceptOlderMajors: false });
    const old = await OutletNode.connect(strict, { version: '2.8.5' });
    await expect(old.closed).resolves.toMatchObject({ reason: expect.stringContaining('3.x.y are accepted') });
    const wrpc = await start({ version: '3.0.0' });
    await expect(WrpcNode.connect(wrpc, { version: '3.1.1' })).rejects.toThrow(/Invalid service/);
  });

  it('writes for the version of each data plane and says what it had to change', async () => {
    const server = await start();
    server.feed.snapshot([
      serviceOf(1),
      routeOf(1, { paths: ['~/a/\\d+$', '/plain'] }),
      routeOf(2, { service: { id: uuidOf(1, 1) }, paths: ['/a(b)'] }),
      pluginOf(1, { route: { id: uuidOf(2, 2) } }),
      upstreamOf(1, { algorithm: 'latency', use_srv_name: true }),
    ]);
    await next(server.server, 'configurationChanged');
    const hash = (): string => server.server.status().configHash;
    const old = await (await OutletNode.connect(server, { version: '2.8.5' })).configured(hash);
    expect(old.config_table).toMatchObject({ _format_version: '2.1', upstreams: [{ algorithm: 'round-robin' }] });
    const routes = old.config_table['routes'] as { paths: string[] }[];
    expect(routes.map(({ paths }) => paths)).toEqual([['/a/\\d+$', '/plain']]);
    expect(old.config_table).not.toHaveProperty('plugins'); // its route could not be sent
    const current = await (await OutletNode.connect(server)).configured(hash);
    expect(current.config_table['routes']).toHaveLength(2);
    expect(current.config_hash).toBe(old.config_hash);
    const codes = server.server
      .nodes()
      .map(({ version, problems }) => [version, problems.map(({ code }) => code).sort()]);
    expect(codes).toEqual([
      ['2.8.5', ['ERR_NODE_ENTITY_CHANGED', 'ERR_NODE_ENTITY_OMITTED', 'ERR_NODE_ENTITY_OMITTED']],
      ['3.9.3', []],
    ]);
  });

  it('drops data planes that stay silent, never introduce themselves, or do not take what they are sent', async () => {
    let now = Date.now();
    const server = await start({ now: () => now, limits: { sweepIntervalMs: 5, closeTimeoutMs: 50 } });
    const mute = new OutletNode(server.url, identity);
    await once(mute.socket, 'open');
    now += 6000;
    await expect(mute.closed).resolves.toMatchObject({ code: 1008, reason: expect.stringContaining('introduce') });

    const node = await OutletNode.connect(server);
    await until(() => node.pongs.length > 0);
    now += 46_000;
    await node.closed;
    expect(server.node(node.id)?.problems).toMatchObject([{ code: 'ERR_NODE_SILENT' }]);

    server.feed.snapshot([]);
    await next(server.server, 'configurationChanged');
    const slow = await OutletNode.connect(server, { version: '3.9.0' });
    await slow.configured(() => server.server.status().configHash);
    slow.socket.pause();
    const big = Array.from({ length: 800 }, (_, index) =>
      pluginOf(index, { config: { origins: [randomBytes(20_000).toString('base64')] } }),
    );
    const built = next(server.server, 'payloadBuilt');
    server.feed.upsert(...big);
    await built;
    now += 40_000;
    const ended = next(server.server, 'nodeDisconnected', ({ nodeId }) => nodeId === slow.id);
    slow.socket.ping('0'.repeat(32)); // alive, and still not reading
    await next(server.server, 'nodeReported');
    now += 30_000;
    await expect(ended).resolves.toMatchObject({ reason: expect.stringContaining('has not taken a configuration') });
    expect(server.node(slow.id)?.problems.map(({ code }) => code)).toContain('ERR_NODE_SLOW');
  });

  it('tells when a data plane keeps running something else', async () => {
    let now = Date.now();
    const server = await start({ now: () => now });
    server.feed.snapshot([]);
    const node = new OutletNode(server.url, identity);
    node.acknowledges = false;
    await once(node.socket, 'open');
    const pushed = next(server.server, 'pushed');
    node.greet();
    node.ping();
    await pushed;
    now += 30_000;
    node.ping();
    await until(() => server.node(node.id)?.problems[0]?.code === 'ERR_NODE_CONFIG_NOT_APPLIED');
    node.socket.send(Buffer.from('{"type":"error","error":{"name":"configuration reload failed","message":"no"}}'));
    await until(() => server.node(node.id)?.problems[1]?.code === 'ERR_NODE_CONFIG_REJECTED');
    node.ping(server.server.status().configHash);
    await until(() => server.node(node.id)?.problems.length === 0);
  });

  it('closes on a hash that is neither empty nor 32 bytes', async () => {
    const server = await start();
    const node = await OutletNode.connect(server, { hash: '' });
    await until(() => server.node(node.id)?.configHash === '0'.repeat(32));
    node.ping('abc');
    await expect(node.closed).resolves.toMatchObject({ code: 1008 });
  });

  it('says what is wrong with a taken port, a certificate, and its options', async () => {
    const server = await start();
    await expect(startServer(identity, { port: server.server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const broken = { cert: 'x', key: 'y' };
    await expect(startServer(broken)).rejects.toMatchObject({ code: 'ERR_DATA_PLANE_SERVER_CERTIFICATE' });
    const mixed = { cert: identity.cert, key: stranger.key };
    await expect(startServer(mixed)).rejects.toMatchObject({ code: 'ERR_DATA_PLANE_SERVER_CERTIFICATE' });
    await expect(startServer(identity, { version: 'new' })).rejects.toMatchObject({
      code: 'ERR_DATA_PLANE_SERVER_VERSION',
    });
    await expect(startServer(identity, { clusterId: '7' })).rejects.toMatchObject({
      code: 'ERR_DATA_PLANE_SERVER_CLUSTER_ID',
    });
  });
});
