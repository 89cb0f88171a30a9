import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { systemClock, untilAborted } from '@koko/lifecycle';
import { Accounts } from './accounts.ts';
import { Cluster } from './cluster.ts';
import { ClusterObjects } from './cluster-objects.ts';
import { FaultPlan } from './faults.ts';
import { kubeconfigYaml } from './kubeconfig.ts';
import { RequestHandler } from './request-handler.ts';
import { RequestLog } from './request-log.ts';
import type { Clock, Runnable } from '@koko/lifecycle';
import type { KubeconfigRequest } from './kubeconfig.ts';
import type { Fault, FaultRule } from './faults.ts';
import type { Server } from 'node:http';
import type { ServedKind } from './served-kind.ts';
import type { WatchStream } from './watch-stream.ts';

const HOST = '127.0.0.1';

/** How the server in process listens, whom it lets in, and how much it keeps. */
export interface ApiServerOptions {
  /** Without or 0: any free port. It stays the same over `restart`. */
  readonly port?: number;
  /** PEM; makes the server speak https. The kubeconfig trusts `ca`, or the certificate itself. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Bearer tokens that are let in; without, everybody is. */
  readonly tokens?: readonly string[];
  /** Names of users, each with a token and a kubeconfig of its own; requests are logged under their names. */
  readonly users?: readonly string[];
  /** For creationTimestamp, timeouts of watches and delays. */
  readonly clock?: Clock;
  /** How many changes of each kind can be watched from; older resource versions are answered with 410. 5,000 if left out. */
  readonly historyEvents?: number;
  /** How long after its creation a CustomResourceDefinition becomes Established; at once if left out. */
  readonly establishDelayMs?: number;
  /** Whether `sendInitialEvents` is offered; true if left out. */
  readonly streamedLists?: boolean;
  /** How much a watch may leave unread before it is cut off; 64 MiB if left out. */
  readonly maxWaitingBytes?: number;
  /** How many requests `requests.entries` keeps; 10,000 if left out. */
  readonly loggedRequests?: number;
}

/** A Kubernetes API server in this process, on loopback, with faults on demand. */
export class ApiServer implements Runnable {
  readonly name = 'api-server';
  /** The objects, without HTTP. */
  readonly objects: ClusterObjects;
  /** What shall go wrong. */
  readonly faults: FaultPlan;
  /** What was asked. */
  readonly requests: RequestLog;
  readonly #options: ApiServerOptions;
  readonly #accounts: Accounts;
  readonly #cluster: Cluster;
  readonly #streams = new Set<WatchStream>();
  readonly #handler: RequestHandler;
  #server: Server | undefined;
  #port: number;

  constructor(options: ApiServerOptions = {}) {
    const { clock = systemClock, historyEvents = 5000, establishDelayMs = 0 } = options;
    this.#options = options;
    this.#accounts = new Accounts(options.tokens ?? [], options.users ?? []);
    this.#port = options.port ?? 0;
    const onKindRemoved = (kind: ServedKind): void => this.#endStreamsOf(kind);
    this.#cluster = new Cluster({ clock, historyEvents, establishDelayMs, onKindRemoved });
    this.objects = new ClusterObjects(this.#cluster);
    this.requests = new RequestLog(options.loggedRequests ?? 10_000);
    this.faults = new FaultPlan((match, fault) => this.#strikeStreams(match, fault));
    this.#handler = new RequestHandler({
      cluster: this.#cluster,
      clock,
      faults: this.faults,
      requests: this.requests,
      streams: this.#streams,
      accounts: this.#accounts,
      streamedLists: options.streamedLists ?? true,
      maxWaitingBytes: options.maxWaitingBytes ?? 64 * 1024 * 1024,
      address: () => `${HOST}:${this.#port}`,
    });
  }

  /** Where it listens, e.g. `http://127.0.0.1:34567`; known once it has started. */
  get url(): string {
    if (this.#port === 0) throw new TypeError('Cannot tell the URL of the API server: it has not started yet');
    return `${this.#options.tls === undefined ? 'http' : 'https'}://${HOST}:${this.#port}`;
  }

  /** How many watches are open. */
  get openWatches(): number {
    return this.#streams.size;
  }

  /** A kubeconfig (YAML) for this server: of a user, or with the first token. */
  kubeconfig({ user, url = this.url }: KubeconfigRequest = {}): string {
    const { tls } = this.#options;
    return kubeconfigYaml({
      url,
      token: this.#accounts.tokenOf(user),
      certificateAuthority: tls === undefined ? undefined : (tls.ca ?? tls.cert),
    });
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    await this.start();
    try {
      ready();
      await untilAborted(signal);
    } finally {
      await this.stop();
    }
  }

  /** Begins to listen; what was stored before stays. */
  async start(): Promise<void> {
    if (this.#server !== undefined) throw new TypeError('Cannot start the API server: it runs already');
    const { tls } = this.#options;
    const server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
    server.on('request', (request, response) => void this.#handler.handle(request, response));
    server.listen(this.#port, HOST);
    await once(server, 'listening');
    this.#server = server;
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Closes every connection and stops listening; faults stay armed. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#cluster.releaseTimers();
    if (server === undefined) return;
    const closed = promisify(server.close.bind(server))();
    server.closeAllConnections();
    await closed;
    for (const stream of this.#streams) stream.release();
    this.#streams.clear();
  }

  /**
   * Goes down and comes back on the same port. With `keepData`, objects and the counter of resource versions stay, but
   * watches can begin only at the present; without, everything is gone and counting begins anew, as with an empty etcd.
   * @param whileDown Runs between the two.
   */
  async restart({ keepData }: { readonly keepData: boolean }, whileDown?: () => Promise<void>): Promise<void> {
    await this.stop();
    if (keepData) this.#cluster.store.compact();
    else this.#cluster.clear();
    await whileDown?.();
    await this.start();
  }

  /** Forgets the history: older resource versions and continue tokens are answered with 410 from now on. */
  compact(): void {
    this.#cluster.store.compact();
  }

  /** Sends a bookmark on every open watch that asked for them. */
  sendBookmarks(): void {
    for (const stream of this.#streams) stream.sendBookmark();
  }

  #strikeStreams(match: FaultRule['match'], fault: Fault): number {
    const struck = [...this.#streams].filter((stream) => match(stream.facts));
    for (const stream of struck) stream.strike(fault);
    return struck.length;
  }

  #endStreamsOf(kind: ServedKind): void {
    for (const stream of this.#streams) {
      if (stream.kind.storageKey === kind.storageKey && stream.kind.version === kind.version) stream.end();
    }
  }
}
