import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Peer } from '@koko/wrpc';
import { configService, negotiationService } from '../src/kong-services.ts';
import type { SimulatedDataPlaneOptions } from '../src/options.ts';
import type { RunningPlane } from './running-plane.ts';
import { startPlane } from './running-plane.ts';
import { ScriptedControlPlane } from './scripted-control-plane.ts';

const hash = (digit: string): string => digit.repeat(32);
const table = (path: string): object => ({
  _format_version: '3.0',
  _transform: false,
  routes: [{ id: '33333333-3333-4333-8333-333333333333', name: 'orders', paths: [path], protocols: ['http'] }],
});

/** A control plane that speaks wRPC by our own peer, and what it was told. */
interface WrpcControlPlane {
  readonly peer: Peer;
  readonly said: unknown[];
  /** Settles at the first `PingCP`. */
  readonly pinged: Promise<void>;
  readonly push: (version: number, configHash: string, config: Uint8Array) => Promise<unknown>;
}

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

interface Answers {
  readonly accepts?: string;
  readonly metadata?: { ok?: string; error?: string };
  readonly options?: Partial<SimulatedDataPlaneOptions>;
}

async function connect({
  accepts = 'config',
  metadata = { ok: 'done' },
  options = {},
}: Answers = {}): Promise<WrpcControlPlane> {
  const accepted = controlPlane.connection();
  running = startPlane({ controlPlane: controlPlane.url, ...options });
  const { socket } = await accepted;
  const peer = new Peer(socket);
  const said: unknown[] = [];
  const pinged = new Promise<void>((resolve) => {
    peer.register(configService, {
      reportMetadata: (request) => {
        said.push(['metadata', request.plugins.length]);
        return metadata;
      },
      pingControlPlane: (request) => {
        said.push(['ping', request.hash]);
        resolve();
        return {};
      },
    });
  });
  peer.register(negotiationService, {
    negotiateServices: (request) => {
      said.push(['negotiate', request.servicesRequested]);
      return {
        errorMessage: '',
        node: {},
        servicesAccepted: [{ name: accepts, version: 'v1', message: '' }],
        servicesRejected: [{ name: 'config', message: 'not today' }],
      };
    },
  });
  return {
    peer,
    said,
    pinged,
    push: (version, configHash, config) =>
      peer.call(configService, configService.methods.syncConfig, { config, version, configHash }),
  };
}

const plane = (): RunningPlane => running as RunningPlane; // `connect` has set it
const gzipped = (value: unknown): Uint8Array => gzipSync(JSON.stringify(value));

describe('configurations over wRPC', () => {
  it('negotiates, reports itself and pings, in this order', async () => {
    const { said, pinged } = await connect();
    await pinged;
    expect(said).toEqual([
      ['negotiate', [{ name: 'config', versions: ['v1'] }]],
      ['metadata', 37],
      ['ping', hash('0')],
    ]);
  });

  it('says yes to every configuration before it looks at it, and does not ping after it', async () => {
    const { push, pinged, said } = await connect();
    await pinged;
    expect(await push(1, hash('a'), gzipped(table('/a')))).toMatchObject({ accepted: true });
    await plane().event('configured');
    expect(await push(2, hash('b'), gzipped({ ...table('/b'), nope: [] }))).toMatchObject({ accepted: true });
    expect((await plane().event('refused')).hash).toBe(hash('a'));
    expect(said.filter((line) => Array.isArray(line) && line[0] === 'ping')).toHaveLength(1);
  });

  it('ignores a version that is not above the last one', async () => {
    const { push } = await connect();
    await push(2, hash('a'), gzipped(table('/a')));
    await plane().event('configured');
    await push(2, hash('b'), gzipped(table('/b')));
    expect((await plane().event('refused')).problems[0]?.message).toContain('version 2 is not above 2');
    await push(3, hash('c'), gzipped(table('/c')));
    expect((await plane().event('configured', 1)).hash).toBe(hash('c'));
  });

  it('cannot do with version 0', async () => {
    const { push } = await connect();
    await push(0, hash('a'), gzipped(table('/a')));
    expect((await plane().event('refused')).problems[0]?.message).toContain('it must start at 1');
  });

  it('stays connected when the bytes cannot be decoded, and takes the next configuration', async () => {
    const { push } = await connect();
    await push(1, hash('a'), Buffer.from('no gzip'));
    expect((await plane().event('refused')).problems[0]?.message).toContain('cannot be decoded');
    await push(2, hash('b'), gzipped(table('/b')));
    expect((await plane().event('configured')).hash).toBe(hash('b'));
  });

  it('keeps the given hash for an empty configuration, as versions before 3.2 do', async () => {
    const { push } = await connect();
    await push(1, hash('a'), gzipped({ _format_version: '3.0', _transform: false }));
    expect((await plane().event('configured')).hash).toBe(hash('a'));
  });

  it('comes back with its hash and counts versions anew', async () => {
    const first = await connect();
    await first.push(7, hash('a'), gzipped(table('/a')));
    await plane().event('configured');
    const accepted = controlPlane.connection();
    first.peer.terminate();
    await accepted;
    expect((await plane().event('connected', 1)).hash).toBe(hash('a'));
  });

  it('leaves when the config service is not accepted', async () => {
    await connect({ accepts: 'something else' });
    expect((await plane().event('disconnected')).reason).toBe(
      'config sync service not supported by the control plane: not today',
    );
  });

  it('leaves when its metadata is not accepted', async () => {
    await connect({ metadata: { error: 'no such version' } });
    expect((await plane().event('disconnected')).reason).toContain('no such version');
  });
});
