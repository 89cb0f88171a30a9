import type { Logger } from '@koko/lifecycle';
import { connectPeer, type Peer } from '@koko/wrpc';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import type {
  ConfigurationFeed,
  DataPlaneServerEvents,
  DataPlaneServerOptions,
  FeedEntity,
  FeedItem,
  NodeRecord,
  SyncConfigRequest,
  SyncConfigResponse,
} from '../src/index.ts';
import { configService, DataPlaneServer, negotiationService } from '../src/index.ts';
import type { Identity } from './certificates.ts';
import { uuidOf } from './entities.ts';

export const CLUSTER_ID = '11111111-1111-4111-8111-111111111111';
export const EMPTY_HASH = '0'.repeat(32);

/** Waits until a condition holds, looking at it whenever something happened. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

/** A feed that a test fills by hand. */
export class HandFeed implements ConfigurationFeed {
  readonly #items: FeedItem[] = [];
  #revision = 0;
  #wake: (() => void) | undefined;

  snapshot(entities: readonly FeedEntity[]): void {
    this.#push({ kind: 'snapshot', revision: (this.#revision += 1), entities });
  }

  upsert(...entities: readonly FeedEntity[]): void {
    const changes = entities.map((entity) => ({ op: 'upsert', ...entity }) as const);
    this.#push({ kind: 'changes', revision: (this.#revision += 1), changes });
  }

  delete(...entities: readonly FeedEntity[]): void {
    const changes = entities.map(({ type, entity }) => ({ op: 'delete', type, id: entity.id }) as const);
    this.#push({ kind: 'changes', revision: (this.#revision += 1), changes });
  }

  async *subscribe(_since: number | undefined, signal: AbortSignal): AsyncIterable<FeedItem> {
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    while (!signal.aborted) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #push(item: FeedItem): void {
    this.#items.push(item);
    this.#wake?.();
  }
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A running server on a free port, with what it logged. */
export interface RunningServer {
  readonly server: DataPlaneServer;
  readonly feed: HandFeed;
  readonly identity: Identity;
  readonly log: readonly LogLine[];
  readonly url: string;
  readonly stop: () => Promise<void>;
  /** Runs the stopped server again, on another port. */
  readonly again: () => Promise<RunningServer>;
  readonly node: (id: string) => NodeRecord | undefined;
}

export async function startServer(
  identity: Identity,
  options: Partial<DataPlaneServerOptions> = {},
): Promise<RunningServer> {
  const feed = new HandFeed();
  const log: LogLine[] = [];
  const write = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) =>
    void log.push({ level, fields, message });
  const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const tls = { ...identity, mode: 'shared' } as const;
  const server = new DataPlaneServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    feed,
    clusterId: CLUSTER_ID,
    logger,
    ...options,
  });
  return runServer(server, { feed, log, identity });
}

async function runServer(
  server: DataPlaneServer,
  surroundings: Pick<RunningServer, 'feed' | 'log' | 'identity'>,
): Promise<RunningServer> {
  const abort = new AbortController();
  let done: Promise<void> | undefined;
  await new Promise<void>((resolve, reject) => {
    done = server.run(abort.signal, resolve);
    done.catch(reject);
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await done;
  };
  const again = async (): Promise<RunningServer> => runServer(server, surroundings);
  const node = (id: string): NodeRecord | undefined => server.nodes().find((record) => record.id === id);
  return { ...surroundings, server, url: `wss://127.0.0.1:${server.port}`, stop, again, node };
}

/** The next event of the server that fits. */
export function next<Name extends keyof DataPlaneServerEvents>(
  server: DataPlaneServer,
  name: Name,
  fits: (event: Parameters<DataPlaneServerEvents[Name]>[0]) => boolean = () => true,
): Promise<Parameters<DataPlaneServerEvents[Name]>[0]> {
  return new Promise((resolve) => {
    const listener = (event: Parameters<DataPlaneServerEvents[Name]>[0]): void => {
      if (!fits(event)) return;
      server.events.off(name, listener);
      resolve(event);
    };
    server.events.on(name, listener);
  });
}

export interface Reconfigure {
  readonly type: string;
  readonly config_hash: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly config_table: Readonly<Record<string, unknown>>;
}

export interface NodeOptions {
  readonly id?: string;
  readonly version?: string;
  readonly plugins?: readonly string[];
  readonly hash?: string;
}

export const defaultPlugins = [
  'cors',
  'key-auth',
  'rate-limiting',
  'acl',
  'basic-auth',
  'hmac-auth',
  'jwt',
  'oauth2',
  'acme',
];
let nodeCount = 0;

const nodeOf = ({ id, version = '3.9.3' }: NodeOptions): { id: string; query: string } => {
  nodeCount += 1;
  const nodeId = id ?? uuidOf(0xd, nodeCount);
  return { id: nodeId, query: `node_id=${nodeId}&node_hostname=dp-${nodeCount}&node_version=${version}` };
};

/** What a client shows of itself; the certificate's name is not looked at where both sides hold the same one. */
export const clientOptions = (identity: Identity) => ({
  ...identity,
  ca: identity.cert,
  servername: 'kong_clustering',
  perMessageDeflate: false,
});

/** A data plane of protocol v1, as far as a test needs one. */
export class OutletNode {
  readonly id: string;
  readonly socket: WebSocket;
  readonly received: Reconfigure[] = [];
  readonly raw: Buffer[] = [];
  readonly pongs: Buffer[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Ping with the hash of each configuration, as a real one does about a second after. */
  acknowledges = true;

  constructor(url: string, identity: Identity, options: NodeOptions = {}) {
    const { id, query } = nodeOf(options);
    this.id = id;
    this.socket = new WebSocket(`${url}/v1/outlet?${query}`, clientOptions(identity));
    this.socket.on('message', (data) => this.#receive(data as Buffer)); // `nodebuffer` is the default binary type
    this.socket.on('pong', (data) => this.pongs.push(data));
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  static async connect(running: RunningServer, options: NodeOptions = {}): Promise<OutletNode> {
    const node = new OutletNode(running.url, running.identity, options);
    await once(node.socket, 'open');
    node.greet(options.plugins);
    node.ping(options.hash);
    return node;
  }

  greet(plugins: readonly string[] = defaultPlugins): void {
    const list = plugins.map((name) => ({ name, version: '3.9.3' }));
    this.socket.send(Buffer.from(JSON.stringify({ type: 'basic_info', plugins: list, labels: { zone: 'a' } })));
  }

  ping(hash = EMPTY_HASH): void {
    this.socket.ping(hash);
  }

  get last(): Reconfigure | undefined {
    return this.received.at(-1);
  }

  /** Waits until it was sent a configuration with that hash. */
  async configured(hash: () => string): Promise<Reconfigure> {
    await until(() => this.last?.config_hash === hash());
    return this.last!;
  }

  #receive(data: Buffer): void {
    this.raw.push(data);
    const message = JSON.parse(gunzipSync(data).toString()) as Reconfigure;
    this.received.push(message);
    if (this.acknowledges) this.ping(message.config_hash);
  }
}

/** A data plane of protocol wRPC, as far as a test needs one. */
export class WrpcNode {
  readonly id: string;
  readonly peer: Peer;
  readonly received: { readonly message: SyncConfigRequest; readonly table: Readonly<Record<string, unknown>> }[] = [];
  answer: SyncConfigResponse = { accepted: true, errors: [] };

  constructor(id: string, peer: Peer) {
    this.id = id;
    this.peer = peer;
  }

  static async connect(running: RunningServer, options: NodeOptions = {}): Promise<WrpcNode> {
    const { version = '3.1.1', plugins = defaultPlugins, hash = EMPTY_HASH } = options;
    const { id, query } = nodeOf({ ...options, version });
    let node: WrpcNode | undefined;
    const peer = await connectPeer({
      url: `${running.url}/v1/wrpc?${query}`,
      client: clientOptions(running.identity),
      prepare: (prepared) => {
        prepared.register(configService, {
          syncConfig: (message) => {
            node?.receive(message);
            return node?.answer ?? { accepted: true, errors: [] };
          },
        });
      },
    });
    node = new WrpcNode(id, peer);
    const service = { name: 'config', versions: ['v1'] };
    await peer.call(negotiationService, negotiationService.methods.negotiateServices, {
      node: { type: 'KONG', version, hostname: 'dp' },
      servicesRequested: [service],
    });
    const list = plugins.map((name) => ({ name, version }));
    await peer.call(configService, configService.methods.reportMetadata, { plugins: list });
    await node.ping(hash);
    return node;
  }

  async ping(hash: string): Promise<void> {
    await this.peer.call(configService, configService.methods.pingCP, { hash });
  }

  get lastHash(): string | undefined {
    return this.received.at(-1)?.message.configHash;
  }

  async configured(hash: () => string): Promise<Readonly<Record<string, unknown>>> {
    await until(() => this.lastHash === hash());
    return this.received.at(-1)!.table;
  }

  receive(message: SyncConfigRequest): void {
    this.received.push({
      message,
      table: JSON.parse(gunzipSync(message.config).toString()) as Record<string, unknown>,
    });
  }
}
