import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@koko/lifecycle';
import type { SimulatedDataPlaneOptions } from '../src/options.ts';
import type { RunningPlane } from './running-plane.ts';
import { startPlane } from './running-plane.ts';
import { otherCertificateFile, ScriptedControlPlane } from './scripted-control-plane.ts';
import type { SeenConnection } from './scripted-control-plane.ts';

const ZEROS = '0'.repeat(32);
const hash = (digit: string): string => digit.repeat(32);
const serviceId = '22222222-2222-4222-8222-222222222222';
const service = { id: serviceId, name: 'orders', host: 'orders.local', port: 80, protocol: 'http' };
const route = (path: string): object => ({
  id: '33333333-3333-4333-8333-333333333333',
  name: 'orders',
  paths: [path],
  protocols: ['http'],
  service: serviceId,
});
const table = (...paths: string[]): Record<string, unknown> => ({
  _format_version: '2.1',
  _transform: false,
  services: [service],
  routes: paths.map(route),
});
const reconfigure = (config_hash: string, config_table: unknown = table('/a')): object => ({
  type: 'reconfigure',
  config_hash,
  config_table,
});

let controlPlane: ScriptedControlPlane;
let running: RunningPlane | undefined;

beforeEach(async () => {
  controlPlane = new ScriptedControlPlane();
  await controlPlane.start();
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await controlPlane.stop();
});

async function connect(options: Partial<SimulatedDataPlaneOptions> = {}): Promise<SeenConnection> {
  running = startPlane({ controlPlane: controlPlane.url, protocol: 'v1', ...options });
  const connection = await controlPlane.connection();
  await connection.expect('binary');
  await connection.expect('ping');
  return connection;
}

const ping = async (connection: SeenConnection): Promise<string> => (await connection.expect('ping')).toString();
const plane = (): RunningPlane => running as RunningPlane; // `connect` has set it

/** A server frame: first byte as given, no mask. */
const rawFrame = (first: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([first, payload.length]), payload]);

describe('configurations over v1', () => {
  it('pings the new hash after an accepted configuration and tells what has changed', async () => {
    const connection = await connect();
    connection.sendConfiguration(reconfigure(hash('a')));
    expect(await ping(connection)).toBe(hash('a'));
    connection.sendConfiguration(reconfigure(hash('b'), table('/b')));
    expect(await ping(connection)).toBe(hash('b'));
    const first = await plane().event('configured');
    expect(first.entities).toEqual({ services: 1, routes: 1 });
    const second = await plane().event('configured', 1);
    expect(second.changes).toEqual([
      { op: 'update', type: 'routes', name: 'orders', paths: ['/b'], service: 'orders', fields: ['paths'] },
    ]);
    expect(plane().plane.configHash).toBe(hash('b'));
    expect(plane().plane.configuration?.list('routes')).toEqual([route('/b')]);
  });

  it('does not look at a configuration whose hash it has, and still pings', async () => {
    const connection = await connect();
    connection.sendConfiguration(reconfigure(hash('a')));
    expect(await ping(connection)).toBe(hash('a'));
    connection.sendConfiguration(reconfigure(hash('a'), { nonsense: [1] }));
    expect(await ping(connection)).toBe(hash('a'));
    expect((await plane().event('unchanged')).hash).toBe(hash('a'));
  });

  it('keeps silent about a refused configuration and keeps the old one', async () => {
    const connection = await connect();
    connection.sendConfiguration(reconfigure(hash('a')));
    expect(await ping(connection)).toBe(hash('a'));
    connection.sendConfiguration(reconfigure(hash('b'), { ...table('/b'), services: [] }));
    const refused = await plane().event('refused');
    expect(refused.offeredHash).toBe(hash('b'));
    expect(refused.hash).toBe(hash('a'));
    expect(refused.problems[0]?.message).toContain('invalid reference');
    connection.sendConfiguration(reconfigure(hash('c')));
    expect(await ping(connection)).toBe(hash('c')); // no ping in between
  });

  it('pings the old hash after a refused configuration up to 3.4', async () => {
    const connection = await connect({ version: '2.8.5' });
    connection.sendConfiguration(reconfigure(hash('b'), { ...table('/b'), services: [] }));
    expect(await ping(connection)).toBe(ZEROS);
  });

  it('reports the empty hash for an empty configuration from 3.2 on, the given one before', async () => {
    const empty = { _format_version: '2.1', _transform: false, workspaces: [] };
    const newer = await connect();
    newer.sendConfiguration(reconfigure(hash('a'), empty));
    expect(await ping(newer)).toBe(ZEROS);
    await plane().stop();
    const older = await connect({ version: '2.8.5' });
    older.sendConfiguration(reconfigure(hash('a'), empty));
    expect(await ping(older)).toBe(hash('a'));
  });

  it('computes a hash itself when none is given', async () => {
    const connection = await connect();
    connection.sendConfiguration({ type: 'reconfigure', config_table: table('/a') });
    expect(await ping(connection)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('ignores text frames and messages of other types', async () => {
    const connection = await connect();
    connection.socket.send('hello');
    connection.sendConfiguration({ type: 'something else' });
    connection.sendConfiguration(reconfigure(hash('a')));
    expect(await ping(connection)).toBe(hash('a'));
  });

  it('goes straight to the newest of configurations that arrive together', async () => {
    const connection = await connect();
    for (const digit of ['a', 'b', 'c', 'd'])
      connection.sendConfiguration(reconfigure(hash(digit), table(`/${digit}`)));
    let last = '';
    while (last !== hash('d')) last = await ping(connection);
    expect(plane().events.filter(({ event }) => event === 'configured').length).toBeLessThan(4);
  });

  it('refuses a message without config_table from 3.6 on, and loses the connection before', async () => {
    const newer = await connect();
    newer.sendConfiguration({ type: 'reconfigure', config_hash: hash('a') });
    expect((await plane().event('refused')).problems[0]?.code).toBe('ERR_DATA_PLANE_TABLE_MISSING');
    await plane().stop();
    const older = await connect({ version: '3.4.2' });
    older.sendConfiguration({ type: 'reconfigure', config_hash: hash('a') });
    expect((await plane().event('disconnected')).reason).toContain('config_table is missing');
  });
});

describe('connections', () => {
  it('keeps node id and hash over a reconnect', async () => {
    const first = await connect();
    first.sendConfiguration(reconfigure(hash('a')));
    expect(await ping(first)).toBe(hash('a'));
    first.socket.terminate();
    const second = await controlPlane.connection();
    await second.expect('binary');
    expect(await ping(second)).toBe(hash('a'));
    expect(second.request.target).toBe(first.request.target);
  });

  it('starts with the hash that a restarted data plane has kept', async () => {
    running = startPlane({ controlPlane: controlPlane.url, protocol: 'v1', initialHash: hash('f') });
    const connection = await controlPlane.connection();
    await connection.expect('binary');
    expect(await ping(connection)).toBe(hash('f'));
  });

  it('leaves without a close frame when it is stopped', async () => {
    const connection = await connect();
    await plane().stop();
    expect(await connection.next()).toEqual({ opcode: 'close', code: 1006 });
    expect((await plane().event('disconnected')).reason).toBe('stopped');
  });

  it('sends an empty close frame over undecodable bytes in 2.x and just leaves in 3.x', async () => {
    const older = await connect({ version: '2.8.5' });
    older.socket.send(Buffer.from('no gzip'));
    expect(await older.next()).toEqual({ opcode: 'close', code: 1005 });
    await plane().stop();
    const newer = await connect();
    newer.socket.send(Buffer.from('no gzip'));
    expect(await newer.next()).toEqual({ opcode: 'close', code: 1006 });
  });

  it.each([
    ['a fragmented message', rawFrame(0x02, Buffer.from('half')), 'fragmented frame'],
    ['reserved bits', rawFrame(0xc2, Buffer.from('zip')), 'reserved bits set'],
  ])('gives up after %s', async (_what, bytes, reason) => {
    const connection = await connect();
    connection.stream.write(bytes);
    expect(await connection.next()).toEqual({ opcode: 'close', code: 1005 });
    expect((await plane().event('disconnected')).reason).toContain(reason);
    await controlPlane.connection(); // it comes back
  });

  it('gives up after a frame over its limit, which is 4 MiB before 3.4', async () => {
    const big = Buffer.alloc(4 * 1024 * 1024 + 1);
    const older = await connect({ version: '2.8.5' });
    older.socket.send(big);
    expect((await plane().event('disconnected')).reason).toContain('exceeding max payload len');
  });

  it('pings every 30 seconds and gives up on a control plane that says nothing for 45', async () => {
    const clock = new ManualClock(Date.now());
    const connection = await connect({ clock });
    clock.advance(30_000);
    expect(await ping(connection)).toBe(ZEROS);
    connection.socket.pong();
    await plane().event('pinged', 1);
    clock.advance(46_000);
    for (;;) {
      const frame = await connection.next();
      if (frame.opcode === 'close') break;
    }
    expect((await plane().event('disconnected')).reason).toContain('no frame from the control plane');
  });

  it('says why a control plane cannot be reached, and comes back when it can', async () => {
    const { port } = controlPlane;
    await controlPlane.stop();
    running = startPlane({ controlPlane: `wss://127.0.0.1:${port}`, protocol: 'v1' });
    expect((await running.event('failed')).reason).toContain('connection refused');
    controlPlane = new ScriptedControlPlane();
    await controlPlane.start(port);
    await controlPlane.connection();
  });

  it('reports the status and text of a control plane that refuses the upgrade', async () => {
    await controlPlane.stop();
    controlPlane = new ScriptedControlPlane({ upgradeStatus: 400, body: 'node_id is missing' });
    await controlPlane.start();
    running = startPlane({ controlPlane: controlPlane.url, protocol: 'v1' });
    expect((await running.event('failed')).reason).toBe('control plane answered HTTP 400: node_id is missing');
  });

  it('does not trust a control plane with another certificate', async () => {
    running = startPlane({ controlPlane: controlPlane.url, ca: otherCertificateFile });
    expect((await running.event('failed')).reason).toContain('--ca');
  });

  it('never reads when told so, and can be stopped all the same', async () => {
    const connection = await connect({ slowReader: 'never' });
    connection.sendConfiguration(reconfigure(hash('a')));
    await plane().stop();
    expect(plane().plane.configHash).toBe(ZEROS);
  });

  it('reads late when told so', async () => {
    const connection = await connect({ slowReader: 20 });
    connection.sendConfiguration(reconfigure(hash('a')));
    expect(await ping(connection)).toBe(hash('a'));
  });
});

describe('the probe of Kong 3.0', () => {
  it('falls back to v1 when /v1/wrpc does not exist', async () => {
    await controlPlane.stop();
    controlPlane = new ScriptedControlPlane({ plainStatus: 404 });
    await controlPlane.start();
    running = startPlane({ controlPlane: controlPlane.url, version: '3.0.2' });
    const connection = await controlPlane.connection();
    expect(connection.request.target).toMatch(/^\/v1\/outlet\?/);
    expect((await running.event('probed')).protocol).toBe('v1');
  });

  it('does not ask when the old protocol was chosen', async () => {
    await connect({ version: '3.0.2' });
    expect(controlPlane.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});
