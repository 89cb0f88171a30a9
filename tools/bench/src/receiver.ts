import { configService, negotiationService } from '@koko/data-plane-server';
import { connectPeer } from '@koko/wrpc';
import type { Peer } from '@koko/wrpc';
import { WebSocket } from 'ws';
import { wallClockMs } from './wall-clock.ts';

/**
 * A data plane that does nothing but note when a payload has arrived, in a process of its own so that its work is not
 * measured. Started by `startReceiver`, with its options as the only argument.
 */
interface ReceiverOptions {
  readonly port: number;
  readonly protocol: 'v1' | 'wrpc';
  readonly certificate: string;
  readonly key: string;
}

const EMPTY_HASH = '0'.repeat(32);
const { port, protocol, certificate, key } = JSON.parse(process.argv[2] ?? '{}') as ReceiverOptions; // from startReceiver
const nodeId = protocol === 'v1' ? '10000000-0000-4000-8000-000000000001' : '10000000-0000-4000-8000-000000000002';
const version = protocol === 'v1' ? '3.9.3' : '3.1.1';
const query = `node_id=${nodeId}&node_hostname=bench&node_version=${version}`;
const client = { cert: certificate, key, ca: certificate, servername: 'kong_clustering' };

process.on('disconnect', () => process.exit(0));
if (protocol === 'v1') receiveOutlet();
else await receiveWrpc();

function received(bytes: number): void {
  process.send?.({ at: wallClockMs(), bytes });
}

function receiveOutlet(): void {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/v1/outlet?${query}`, { ...client, perMessageDeflate: false });
  socket.on('open', () => {
    socket.send(Buffer.from(JSON.stringify({ type: 'basic_info', plugins: [], labels: {} })));
    socket.ping(EMPTY_HASH);
  });
  socket.on('message', (data: Buffer) => received(data.length));
  socket.on('error', (error) => fail(error));
}

async function receiveWrpc(): Promise<void> {
  const prepare = (peer: Peer): void => {
    peer.register(configService, {
      syncConfig: ({ config }) => {
        received(config?.length ?? 0);
        return { accepted: true, errors: [] };
      },
    });
  };
  const peer = await connectPeer({ url: `wss://127.0.0.1:${port}/v1/wrpc?${query}`, client, prepare });
  const node = { type: 'KONG', version, hostname: 'bench' };
  await peer.call(negotiationService, negotiationService.methods.negotiateServices, {
    node,
    servicesRequested: [{ name: 'config', versions: ['v1'] }],
  });
  await peer.call(configService, configService.methods.reportMetadata, { plugins: [] });
  await peer.call(configService, configService.methods.pingCP, { hash: EMPTY_HASH });
}

function fail(error: Error): void {
  process.stderr.write(`The receiver failed: ${error.message}\n`);
  process.exit(1);
}
