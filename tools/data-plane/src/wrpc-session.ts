import type { WebSocket } from 'ws';
import { Peer } from '@koko/wrpc';
import { reportedPlugins } from './bundled-plugins.ts';
import { every } from './clock.ts';
import type { Connection } from './connection.ts';
import type { SyncConfigRequest } from './kong-services.ts';
import { configService, negotiationService } from './kong-services.ts';
import { LatestOffer } from './latest-offer.ts';
import type { NodeState, Offer } from './node-state.ts';
import { applyOffer } from './node-state.ts';
import type { Session } from './session.ts';

const CALL_TIMEOUT_MS = 90_000;

/** Hybrid mode over wRPC: negotiation, metadata, then `PingCP` against `SyncConfig`. */
export class WrpcSession implements Session {
  readonly #state: NodeState;
  readonly #connection: () => Connection;
  readonly #offers = new LatestOffer((offer) => this.#apply(offer));
  readonly #versions = new WeakMap<Offer, number>();
  #peer: Peer | undefined;
  #lastVersion = -1;
  #stopPings = (): void => {};

  constructor(state: NodeState, connection: () => Connection) {
    this.#state = state;
    this.#connection = connection;
  }

  prepare(socket: WebSocket): void {
    const { traits, clock } = this.#state;
    this.#peer = new Peer(socket, {
      strictness: 'kong',
      callTimeoutMs: CALL_TIMEOUT_MS,
      maxFrameBytes: traits.maxPayloadBytes,
      now: () => clock.now(),
    });
    // Answered before anything is checked: a Kong data plane never says `accepted: false`.
    this.#peer.register(configService, { syncConfig: (request) => this.#receive(request) });
  }

  async start(): Promise<void> {
    const reason = (await this.#negotiate()) ?? (await this.#reportMetadata());
    if (reason !== undefined) return this.#connection().abandon(reason);
    this.#ping();
    this.#stopPings = every(this.#state.clock, this.#state.pingIntervalMs, () => this.#ping());
    if (this.#peer?.signal.aborted) this.#stopPings();
  }

  async close(): Promise<void> {
    this.#stopPings();
    await this.#offers.close();
  }

  /** @returns What went wrong, if anything did. */
  async #negotiate(): Promise<string | undefined> {
    const { traits, hostname } = this.#state;
    const request = {
      node: { type: 'KONG', version: traits.version, hostname },
      servicesRequested: [{ name: 'config', versions: ['v1'] }],
    };
    try {
      const response = await this.#peer?.call(
        negotiationService,
        negotiationService.methods.negotiateServices,
        request,
      );
      if (response === undefined) return 'services were not negotiated';
      if (response.errorMessage !== '' && response.node === undefined) return response.errorMessage;
      if (response.servicesAccepted.some(({ name }) => name === 'config')) return undefined;
      const rejected = response.servicesRejected.find(({ name }) => name === 'config');
      return `config sync service not supported by the control plane: ${rejected?.message ?? 'no reason given'}`;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #reportMetadata(): Promise<string | undefined> {
    const { plugins, traits } = this.#state;
    const request = { plugins: [...reportedPlugins(plugins, traits.version)] };
    try {
      const response = await this.#peer?.call(configService, configService.methods.reportMetadata, request);
      if (response?.ok) return undefined;
      return `could not report metadata to the control plane: ${response?.error ?? 'no "ok" in its answer'}`;
    } catch (error) {
      return messageOf(error);
    }
  }

  #receive(request: SyncConfigRequest): { accepted: boolean } {
    const { config: bytes, configHash, hashes, version } = request;
    this.#state.emit({ event: 'received', bytes: bytes.length, monotonicMs: performance.now() });
    const offer = { bytes, kind: 'table', configHash: configHash === '' ? undefined : configHash, hashes } as const;
    this.#versions.set(offer, version);
    this.#offers.put(offer);
    return { accepted: true };
  }

  /** What cannot be decoded is logged by Kong and leaves connection and version alone. */
  async #apply(offer: Offer): Promise<void> {
    const version = this.#versions.get(offer) ?? 0;
    // proto3 does not write a zero, so Kong reads nil there and fails.
    if (version === 0) return this.#refuse(offer, 'version is 0 or absent, it must start at 1');
    if (version <= this.#lastVersion) {
      return this.#refuse(offer, `version ${version} is not above ${this.#lastVersion}, so it is ignored`);
    }
    const applied = await applyOffer(this.#state, offer);
    if (applied.kind === 'done') this.#lastVersion = version;
    else if (applied.kind !== 'ignored') this.#refuse(offer, applied.reason);
  }

  #refuse(offer: Offer, message: string): void {
    this.#state.emit({
      event: 'refused',
      offeredHash: offer.configHash ?? null,
      hash: this.#state.running.hash,
      problems: [{ code: 'ERR_DATA_PLANE_PAYLOAD_UNUSABLE', path: [], message }],
      problemCount: 1,
    });
  }

  #ping(): void {
    const { hash } = this.#state.running;
    // The answer says nothing; Kong only logs a failure, and the end of the connection is seen elsewhere.
    this.#peer?.call(configService, configService.methods.pingControlPlane, { hash }).catch(() => {});
    this.#state.emit({ event: 'pinged', hash });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
