import type { Runnable } from '@koko/lifecycle';
import type { CheckedConfiguration } from './checked-configuration.ts';
import { sleep } from './clock.ts';
import { Connection } from './connection.ts';
import type { DataPlaneEvent, EventBody } from './events.ts';
import type { NodeState } from './node-state.ts';
import type { ResolvedOptions, SimulatedDataPlaneOptions } from './options.ts';
import { resolveOptions } from './options.ts';
import { probe } from './probe.ts';
import { RunningConfiguration } from './running-configuration.ts';
import type { Session } from './session.ts';
import type { TlsIdentity } from './tls-identity.ts';
import { tlsIdentity } from './tls-identity.ts';
import { V1Session } from './v1-session.ts';
import type { DataPlaneProtocol } from './version-traits.ts';
import { traitsOf } from './version-traits.ts';
import { WrpcSession } from './wrpc-session.ts';

const SILENCE_LIMIT_MS = 45_000;
const SHARED_NAME = 'kong_clustering';
const PROBING = { major: 3, minor: 0 };

/**
 * A Kong Gateway data plane without the gateway: connects, reports itself, takes or refuses configurations by the rules
 * of a real one of its version, and reconnects. It proxies nothing.
 */
export class SimulatedDataPlane implements Runnable {
  readonly name: string;
  readonly #options: ResolvedOptions;
  readonly #state: NodeState;
  readonly #watchers = new Set<(event: DataPlaneEvent) => void>();
  #protocol: DataPlaneProtocol;
  #isConnected = false;

  /** @throws {RangeError} When an option makes no sense, or the version cannot speak the protocol. */
  constructor(options: SimulatedDataPlaneOptions) {
    this.#options = resolveOptions(options);
    const { nodeId, version, protocol, clock, hostname, plugins, labels, controlPlane, reader } = this.#options;
    const traits = traitsOf(version);
    this.name = `simulated-data-plane-${nodeId}`;
    this.#protocol = protocol;
    this.#state = {
      traits,
      clock,
      hostname,
      plugins,
      labels,
      controlPlane: controlPlane.host,
      mtls: (this.#options.serverName ?? SHARED_NAME) === SHARED_NAME ? 'shared' : 'pki',
      routerFlavor: this.#options.routerFlavor,
      pingIntervalMs: this.#options.pingIntervalMs,
      silenceLimitMs: this.#options.slowReader === undefined ? SILENCE_LIMIT_MS : undefined,
      running: new RunningConfiguration(traits, this.#options.initialHash),
      reader,
      emit: (body) => this.#emit(body),
    };
  }

  /** The node id under which the control plane knows it. */
  get nodeId(): string {
    return this.#options.nodeId;
  }

  /** The hash that pings report. */
  get configHash(): string {
    return this.#state.running.hash;
  }

  /** The entities in force; undefined before the first configuration. */
  get configuration(): CheckedConfiguration | undefined {
    return this.#state.running.checked;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /**
   * Waits for an event that is still to come.
   * @throws What `signal` aborted with.
   */
  until(matches: (event: DataPlaneEvent) => boolean, signal?: AbortSignal): Promise<DataPlaneEvent> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#watchers.delete(watch);
        signal?.removeEventListener('abort', abort);
        finish();
      };
      const watch = (event: DataPlaneEvent): void => {
        if (matches(event)) settle(() => resolve(event));
      };
      const abort = (): void => settle(() => reject(signal?.reason as Error)); // what `abort` was called with
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      this.#watchers.add(watch);
    });
  }

  /**
   * Connects and stays connected until `signal` aborts.
   * @param ready Called when the first connection is open.
   * @throws {Error} When a certificate or key file cannot be read; a control plane that is not there is tried again.
   */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const identity = tlsIdentity(this.#options);
    if (this.#mustProbe()) await this.#probe(identity, signal);
    let isReady = false;
    const becomeReady = (): void => {
      if (!isReady) ready();
      isReady = true;
    };
    while (!signal.aborted) {
      const { minMs, maxMs } = this.#options.reconnectDelay;
      const retryMs = this.#options.random(minMs, maxMs); // Kong draws it before it connects
      await this.#connectOnce(identity, { signal, retryMs, becomeReady });
      await sleep(this.#state.clock, retryMs, signal);
    }
  }

  #mustProbe(): boolean {
    const { major, minor } = this.#state.traits;
    return this.#options.protocol === 'wrpc' && major === PROBING.major && minor === PROBING.minor;
  }

  /** Kong 3.0 decides once in its life. */
  async #probe(identity: TlsIdentity, signal: AbortSignal): Promise<void> {
    const { protocol, reason } = await probe(this.#options.controlPlane, identity, signal);
    if (signal.aborted) return;
    this.#protocol = protocol;
    this.#emit({ event: 'probed', protocol, reason });
  }

  async #connectOnce(
    identity: TlsIdentity,
    { signal, retryMs, becomeReady }: { signal: AbortSignal; retryMs: number; becomeReady: () => void },
  ): Promise<void> {
    const session: Session = this.#session(() => connection);
    const connection = this.#connect(identity, session);
    const stop = (): void => connection.leave('stopped');
    signal.addEventListener('abort', stop, { once: true });
    const isOpen = await connection.opened();
    if (isOpen) {
      this.#opened();
      becomeReady();
      await session.start();
    }
    const { reason } = await connection.ended;
    signal.removeEventListener('abort', stop);
    await session.close();
    this.#closed(isOpen, reason, signal.aborted ? undefined : retryMs);
  }

  #session(connection: () => Connection): Session {
    return this.#protocol === 'wrpc'
      ? new WrpcSession(this.#state, connection)
      : new V1Session(this.#state, connection);
  }

  #connect(identity: TlsIdentity, session: Session): Connection {
    const { controlPlane, nodeId, hostname, version, handshakeTimeoutMs, slowReader } = this.#options;
    const { maxPayloadBytes } = this.#state.traits;
    const protocol = this.#protocol;
    return new Connection(
      { controlPlane, protocol, nodeId, hostname, version, maxPayloadBytes, identity, handshakeTimeoutMs, slowReader },
      (socket) => session.prepare(socket),
    );
  }

  #opened(): void {
    const { controlPlane, version } = this.#options;
    this.#isConnected = true;
    const url = `${controlPlane.protocol}//${controlPlane.host}`;
    this.#emit({ event: 'connected', protocol: this.#protocol, url, version, hash: this.configHash });
  }

  #closed(wasOpen: boolean, reason: string, retryMs: number | undefined): void {
    this.#isConnected = false;
    if (wasOpen) this.#emit({ event: 'disconnected', reason, ...(retryMs === undefined ? {} : { retryMs }) });
    else if (retryMs !== undefined) this.#emit({ event: 'failed', reason, retryMs });
  }

  #emit(body: EventBody): void {
    const at = new Date(this.#state.clock.now()).toISOString();
    const event: DataPlaneEvent = { ...body, nodeId: this.nodeId, at };
    this.#options.onEvent(event);
    for (const watch of this.#watchers) watch(event);
  }
}
