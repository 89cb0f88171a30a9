import type { RawData, WebSocket } from 'ws';
import { basicInfo } from './basic-info.ts';
import { every } from './clock.ts';
import type { Connection } from './connection.ts';
import { LatestOffer } from './latest-offer.ts';
import type { NodeState, Offer } from './node-state.ts';
import { applyOffer } from './node-state.ts';
import type { Session } from './session.ts';

const READ_TIMEOUT_MS = 5000;

/** Hybrid mode v1: `basic_info`, then pings with the hash against `reconfigure` frames. */
export class V1Session implements Session {
  readonly #state: NodeState;
  readonly #connection: () => Connection;
  readonly #offers = new LatestOffer((offer) => this.#apply(offer));
  #socket: WebSocket | undefined;
  #stopTimers = (): void => {};
  #lastFrameMs = 0;

  constructor(state: NodeState, connection: () => Connection) {
    this.#state = state;
    this.#connection = connection;
  }

  prepare(socket: WebSocket): void {
    this.#socket = socket;
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    for (const event of ['ping', 'pong'] as const) socket.on(event, () => this.#sawFrame());
  }

  start(): Promise<void> {
    const { clock, pingIntervalMs, silenceLimitMs } = this.#state;
    this.#sawFrame();
    this.#send(JSON.stringify(basicInfo(this.#state)));
    this.#ping();
    const stopPings = every(clock, pingIntervalMs, () => this.#ping());
    const stopWatch =
      silenceLimitMs === undefined ? () => {} : every(clock, READ_TIMEOUT_MS, () => this.#watch(silenceLimitMs));
    this.#stopTimers = () => {
      stopPings();
      stopWatch();
    };
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#stopTimers();
    await this.#offers.close();
  }

  #receive(data: RawData, isBinary: boolean): void {
    this.#sawFrame();
    if (!isBinary) return; // Kong logs "unknown frame" and goes on
    const bytes = data as Buffer; // ws gives a Buffer unless told otherwise
    this.#state.emit({ event: 'received', bytes: bytes.length, monotonicMs: performance.now() });
    this.#offers.put({ bytes, kind: 'message' });
  }

  async #apply(offer: Offer): Promise<void> {
    const { traits } = this.#state;
    const applied = await applyOffer(this.#state, offer);
    if (applied.kind === 'ignored') return;
    if (applied.kind !== 'done') {
      const connection = this.#connection();
      return traits.closesOnBadPayload ? connection.abandon(applied.reason) : connection.leave(applied.reason);
    }
    if (applied.outcome.event !== 'refused' || traits.pingsAfterRefusal) this.#ping();
  }

  #ping(): void {
    const { hash } = this.#state.running;
    if (this.#socket?.readyState !== this.#socket?.OPEN) return;
    this.#socket?.ping(hash);
    this.#state.emit({ event: 'pinged', hash });
  }

  #send(text: string): void {
    this.#socket?.send(Buffer.from(text), { binary: true });
  }

  #sawFrame(): void {
    this.#lastFrameMs = this.#state.clock.now();
  }

  #watch(silenceLimitMs: number): void {
    const silentMs = this.#state.clock.now() - this.#lastFrameMs;
    if (silentMs <= silenceLimitMs) return;
    this.#connection().abandon(`no frame from the control plane for ${Math.round(silentMs / 1000)} seconds`);
  }
}
