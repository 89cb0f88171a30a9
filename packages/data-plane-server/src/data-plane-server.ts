import type { Logger, Runnable } from '@koko/lifecycle';
import { silentLogger } from '@koko/lifecycle';
import { EventEmitter } from 'eventemitter3';
import type { DataPlaneServerTls } from './client-authentication.ts';
import { ConfigView } from './config-view.ts';
import type { ConfigurationFeed, FeedItem } from './configuration-feed.ts';
import { DataPlaneServerError } from './data-plane-server-error.ts';
import type { DataPlaneServerEvents, DataPlaneServerStatus } from './data-plane-server-events.ts';
import { Dispatcher } from './dispatcher.ts';
import type { OpenedSocket } from './endpoint.ts';
import { Endpoint } from './endpoint.ts';
import type { DataPlaneServerLimits } from './limits.ts';
import { defaultLimits } from './limits.ts';
import type { NodeRecord } from './node-registry.ts';
import { NodeRegistry } from './node-registry.ts';
import type { NodeSession, SessionHost } from './node-session.ts';
import { closeCodes } from './node-session.ts';
import { OutletLink } from './outlet-link.ts';
import { PayloadCache } from './payload-cache.ts';
import { parseVersion, versionRefusal } from './version.ts';
import { WrpcLink } from './wrpc-link.ts';

/** What a {@link DataPlaneServer} needs. */
export interface DataPlaneServerOptions {
  readonly host: string;
  /** Koko's is 3100; 0 takes a free one. */
  readonly port: number;
  readonly tls: DataPlaneServerTls;
  readonly feed: ConfigurationFeed;
  /** A UUID, sent to data planes as `cluster_id`; all replicas must use the same. */
  readonly clusterId: string;
  /** The version that this control plane claims; newer data planes are refused. Default `3.10.0`. */
  readonly version?: string;
  /** Serve data planes of an older major version, from 2.5 on. Kong does not. Default true. */
  readonly acceptOlderMajors?: boolean;
  readonly logger?: Logger;
  readonly limits?: Partial<DataPlaneServerLimits>;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/**
 * The endpoint that Kong data planes in hybrid mode connect to: `/v1/outlet` and `/v1/wrpc`, and `GET /health`, all behind
 * a client certificate. Brings every data plane to the configuration of `feed` and keeps a record of each.
 */
export class DataPlaneServer implements Runnable {
  readonly name = 'data-plane-server';
  readonly events = new EventEmitter<DataPlaneServerEvents>();
  readonly #options: DataPlaneServerOptions;
  readonly #limits: DataPlaneServerLimits;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #registry: NodeRegistry;
  readonly #view: ConfigView;
  readonly #payloads: PayloadCache;
  readonly #dispatcher: Dispatcher;
  readonly #sessions = new Set<NodeSession>();
  #endpoint: Endpoint | undefined;

  /** @throws {DataPlaneServerError} When `version` or `clusterId` cannot be used. */
  constructor(options: DataPlaneServerOptions) {
    checkOptions(options);
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#logger = options.logger ?? silentLogger;
    this.#now = options.now ?? Date.now;
    this.#registry = new NodeRegistry(this.#limits, this.#now);
    this.#view = new ConfigView(options.clusterId);
    this.#payloads = new PayloadCache(this.#view);
    this.#payloads.events.on('built', ({ protocol, schemaVersion, sizeBytes, configHash }, durationMs) =>
      this.#emit('payloadBuilt', { protocol, schemaVersion, sizeBytes, configHash, durationMs }),
    );
    this.#dispatcher = new Dispatcher({ view: this.#view, payloads: this.#payloads, registry: this.#registry });
  }

  /** The port it listens on, 0 while it does not. */
  get port(): number {
    return this.#endpoint?.port ?? 0;
  }

  /** Every data plane that is connected or remembered. */
  nodes(): readonly NodeRecord[] {
    return this.#registry.list();
  }

  status(): DataPlaneServerStatus {
    const { revision, hashes, counts } = this.#view;
    const payloads = this.#payloads.payloads.map(({ protocol, schemaVersion, sizeBytes }) => ({
      protocol,
      schemaVersion,
      sizeBytes,
    }));
    return {
      revision,
      configHash: hashes.config,
      hashes,
      entityCounts: counts,
      connections: this.#sessions.size,
      payloads,
    };
  }

  /**
   * Listens and serves until `signal` aborts; may be called again after that.
   * @throws The error of a taken port (`EADDRINUSE`), an unusable certificate, or a feed that failed or ended.
   */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { tls, port, host } = this.#options;
    const endpoint = new Endpoint({
      tls,
      limits: this.#limits,
      logger: this.#logger,
      opened: (opened) => this.#open(opened),
      refused: (refusal) => this.#refused(refusal),
    });
    const sweep = setInterval(() => this.#sweep(), this.#limits.sweepIntervalMs);
    try {
      await endpoint.listen(port, host, signal);
      this.#endpoint = endpoint;
      this.#logger.info({ host, port: endpoint.port, mode: tls.mode }, 'data-plane endpoint is listening');
      ready();
      await this.#follow(signal);
    } finally {
      clearInterval(sweep);
      await this.#stop(endpoint);
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const items = this.#options.feed.subscribe(undefined, signal)[Symbol.asyncIterator]();
    try {
      while (await this.#applyNext(items));
    } finally {
      await items.return?.();
    }
    if (signal.aborted) return;
    const message = 'The configuration feed of the data-plane server ended although nobody stopped it';
    throw new DataPlaneServerError('ERR_DATA_PLANE_SERVER_FEED_ENDED', message);
  }

  /**
   * A function of its own, as a loop that waits for the next item would keep the last one in memory.
   * @returns False at the end.
   */
  async #applyNext(items: AsyncIterator<FeedItem>): Promise<boolean> {
    const { done, value: item } = await items.next();
    if (done === true) return false;
    const started = performance.now();
    this.#payloads.apply(this.#view.apply(item));
    const { revision } = item;
    const configHash = this.#view.hashes.config;
    this.#emit('configurationChanged', { revision, configHash, durationMs: performance.now() - started });
    for (const session of this.#sessions) this.#dispatcher.request(session);
    return true;
  }

  #open(opened: OpenedSocket): void {
    const { socket, protocol, identity, ip } = opened;
    if (!this.#registry.connect({ ...identity, ip, protocol })) {
      this.#refused({ ip, reason: `${this.#limits.maxNodes} data planes are connected already` });
      socket.on('error', () => {}); // whatever it still sends, it is on its way out
      return socket.close(closeCodes.policy, 'too many data planes');
    }
    const host = this.#sessionHost();
    const { session } =
      protocol === 'v1'
        ? new OutletLink(opened, host)
        : new WrpcLink(opened, { host, controlPlaneId: this.#options.clusterId });
    this.#sessions.add(session);
    this.#makeRoom(session);
    this.#logger.info({ ...session.facts, ip }, 'data plane connected');
    this.#emit('nodeConnected', { nodeId: identity.id, protocol, version: identity.version });
  }

  /** A data plane can reconnect before its old connection is known to be dead, but not pile them up. */
  #makeRoom({ identity }: NodeSession): void {
    const same = this.#connectionsOf(identity.id);
    const surplus = Math.max(0, same.length - this.#limits.maxConnectionsPerNode);
    for (const session of same.slice(0, surplus)) {
      session.close(closeCodes.policy, 'data plane has opened too many connections');
    }
  }

  /** The oldest first. */
  #connectionsOf(nodeId: string): readonly NodeSession[] {
    return [...this.#sessions].filter(({ identity, isClosing }) => identity.id === nodeId && !isClosing);
  }

  #sessionHost(): SessionHost {
    return {
      registry: this.#registry,
      limits: this.#limits,
      logger: this.#logger,
      now: this.#now,
      versionRefusal: (version) => this.#versionRefusal(version),
      wake: (session) => this.#dispatcher.request(session),
      delivered: (session, { sizeBytes, configHash }) => {
        const nodeId = session.identity.id;
        this.#emit('pushed', { nodeId, protocol: session.protocol, sizeBytes, configHash });
      },
      reported: ({ identity }, configHash) => this.#emit('nodeReported', { nodeId: identity.id, configHash }),
      ended: (session, reason) => this.#ended(session, reason),
      isNewest: (session) => this.#connectionsOf(session.identity.id).at(-1) === session,
    };
  }

  #versionRefusal(version: string): string | undefined {
    const { version: controlPlane = DEFAULT_VERSION, acceptOlderMajors = true } = this.#options;
    return versionRefusal(version, { controlPlane, acceptOlderMajors });
  }

  #ended(session: NodeSession, reason: string): void {
    this.#sessions.delete(session);
    this.#dispatcher.forget(session);
    this.#registry.disconnect(session.identity.id);
    this.#logger.info({ ...session.facts, reason }, 'data plane disconnected');
    this.#emit('nodeDisconnected', { nodeId: session.identity.id, protocol: session.protocol, reason });
  }

  #refused(refusal: { readonly ip: string; readonly reason: string }): void {
    this.#logger.warn(refusal, 'connection to the data-plane endpoint refused');
    this.#emit('connectionRejected', refusal);
  }

  /** A listener that throws is logged and harms nobody else. */
  #emit<Name extends keyof DataPlaneServerEvents>(name: Name, event: Parameters<DataPlaneServerEvents[Name]>[0]): void {
    try {
      // The emitter cannot see that the parameters of a name that is not fixed belong to it.
      this.events.emit(name, ...([event] as Parameters<DataPlaneServerEvents[Name]> as never));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.error({ event: name, reason }, 'a listener of the data-plane server failed');
    }
  }

  #sweep(): void {
    for (const session of this.#sessions) session.sweep();
    this.#registry.purge();
  }

  async #stop(endpoint: Endpoint): Promise<void> {
    this.#view.suspend();
    this.#dispatcher.stop();
    for (const session of this.#sessions) session.close(closeCodes.goingAway, 'control plane is shutting down');
    await this.#drained();
    await endpoint.close();
    this.#endpoint = undefined;
  }

  /** Waits for data planes to close; most just end the connection on a close frame. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(deadline);
        this.events.off('nodeDisconnected', check);
        resolve();
      };
      const check = (): void => {
        if (this.#sessions.size === 0) finish();
      };
      const deadline = setTimeout(finish, this.#limits.closeTimeoutMs);
      this.events.on('nodeDisconnected', check);
      check();
    });
  }
}

const DEFAULT_VERSION = '3.10.0';

function checkOptions({ version, clusterId }: DataPlaneServerOptions): void {
  if (version !== undefined && parseVersion(version) === undefined) {
    const message = `Cannot claim version ${JSON.stringify(version)}: it must be three numbers, such as 3.10.0`;
    throw new DataPlaneServerError('ERR_DATA_PLANE_SERVER_VERSION', message);
  }
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clusterId)) {
    throw new DataPlaneServerError('ERR_DATA_PLANE_SERVER_CLUSTER_ID', 'The cluster id must be a UUID');
  }
}
