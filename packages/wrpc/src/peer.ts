import { EventEmitter } from 'eventemitter3';
import type { RawData, WebSocket } from 'ws';
import { CallTable } from './call-table.ts';
import type { Frame, FramePayload, OutgoingFrame } from './frame.ts';
import { decodeFrame, errorTypes, messageTypes } from './frame.ts';
import type { Strictness } from './frame-rules.ts';
import { brokenRule, unusableReason } from './frame-rules.ts';
import type { SendPieces, UnnumberedFrame } from './frame-writer.ts';
import { FrameWriter } from './frame-writer.ts';
import type { Handler, HandlersOf, Method, Service } from './service.ts';
import { reasonOf, WrpcError } from './wrpc-error.ts';

/** Why a frame was not acted upon. */
export interface DroppedFrame {
  readonly why: 'expired' | 'rule' | 'unknown-answer';
  readonly reason: string;
}

/** What happens on a connection besides calls. */
export interface PeerEvents {
  /** A frame was read and ignored. */
  dropped: (frame: DroppedFrame) => void;
  /** A call of theirs was answered with an error; `type` is one of `errorTypes`. */
  refused: (refusal: { readonly type: number; readonly reason: string }) => void;
  /** The connection is over; `code` is the WebSocket close code, 1006 without a close frame. */
  closed: (end: { readonly code: number; readonly reason: string }) => void;
  /** The socket failed, or the other side broke the protocol; `closed` follows. */
  failed: (error: Error) => void;
}

/** How a {@link Peer} behaves; every limit has a default. */
export interface PeerOptions {
  /** Default `kong`. */
  readonly strictness?: Strictness;
  /** How long a call waits, and how far ahead its deadline lies. Default 60 s. */
  readonly callTimeoutMs?: number;
  /** Calls of ours that may wait for an answer. Default 32. */
  readonly maxPendingCalls?: number;
  /** Calls of theirs that may be worked on at a time. Default 32. */
  readonly maxOpenRequests?: number;
  /** Largest frame to read or write. Default 64 MiB. */
  readonly maxFrameBytes?: number;
  /** Sends frames without joining their pieces first; absent, they are joined for `ws`. */
  readonly sendPieces?: SendPieces;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** A call's own limits. */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

interface Registered {
  readonly service: Service;
  readonly methods: ReadonlyMap<
    number,
    { readonly method: Method<unknown, unknown>; readonly handler?: Handler<unknown, unknown> }
  >;
}

const CLOSE_UNSUPPORTED = 1003;
const CLOSE_INVALID = 1007;
const CLOSE_TOO_BIG = 1009;
const MAX_CLOSE_REASON_BYTES = 123;
const MAX_DESCRIPTION_CHARACTERS = 1000;

const defaults = {
  strictness: 'kong',
  callTimeoutMs: 60_000,
  maxPendingCalls: 32,
  maxOpenRequests: 32,
  maxFrameBytes: 64 * 1024 * 1024,
  now: Date.now,
} as const;

/**
 * One end of a wRPC connection: calls the other side and answers its calls. Both ends are equal, so the same class serves
 * a client (see `connectPeer`) and the sockets that a server accepted.
 * Register services before the first message can arrive, that is in the same turn in which the socket opened.
 */
export class Peer {
  readonly events = new EventEmitter<PeerEvents>();
  readonly #socket: WebSocket;
  readonly #options: Required<Omit<PeerOptions, 'sendPieces'>>;
  readonly #calls: CallTable;
  readonly #services = new Map<number, Registered>();
  readonly #ended = new AbortController();
  readonly #writer: FrameWriter;
  #openRequests = 0;

  /** @param socket A `ws` socket, open or about to be; the peer reads it from now on. */
  constructor(socket: WebSocket, options: PeerOptions = {}) {
    this.#socket = socket;
    this.#options = { ...defaults, ...options };
    this.#calls = new CallTable(this.#options.maxPendingCalls);
    this.#writer = new FrameWriter(socket, this.#options);
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('error', (error) => this.events.emit('failed', error));
    socket.on('close', (code, reason) => this.#end(code, reason.toString('utf8')));
  }

  /** Aborts when the connection ends. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Bytes written but not yet taken by the network. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** @throws {WrpcError} `ERR_WRPC_SERVICE_DUPLICATE` when that number is taken. */
  register<S extends Service>(service: S, handlers: HandlersOf<S>): void {
    if (this.#services.has(service.id)) {
      const message = `Cannot register ${service.name}: service number ${service.id} is taken`;
      throw new WrpcError('ERR_WRPC_SERVICE_DUPLICATE', message);
    }
    // HandlersOf ties names to types; from here on methods are looked up by number.
    const byName = handlers as Readonly<Record<string, Handler<unknown, unknown> | undefined>>;
    const methods = Object.entries(service.methods).map(([name, method]) => {
      const handler = byName[name];
      return [method.id, handler === undefined ? { method } : { method, handler }] as const;
    });
    this.#services.set(service.id, { service, methods: new Map(methods) });
  }

  /**
   * Calls the other side.
   * @throws {WrpcError} `ERR_WRPC_REMOTE` when it answers with an error, and what `callEncoded` throws.
   */
  async call<Request, Response>(
    service: Service,
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    const answer = await this.callEncoded(service, method, method.request.encode(request), options);
    return method.response.decode(answer);
  }

  /**
   * Like `call` with bytes that are encoded already, so that one encoding serves many connections.
   * @returns The encoded response.
   * @throws {WrpcError} `ERR_WRPC_CALL_EXPIRED`, `ERR_WRPC_CALL_ABORTED`, `ERR_WRPC_CALLS_EXHAUSTED`, `ERR_WRPC_CLOSED`,
   * `ERR_WRPC_FRAME_TOO_LARGE`.
   */
  async callEncoded(
    service: Service,
    method: Pick<Method<never, never>, 'id' | 'name'>,
    payload: FramePayload,
    options: CallOptions = {},
  ): Promise<Uint8Array> {
    const name = `${service.name}.${method.name}`;
    const timeoutMs = options.timeoutMs ?? this.#options.callTimeoutMs;
    if (options.signal?.aborted) throw new WrpcError('ERR_WRPC_CALL_ABORTED', `Call ${name} was aborted`);
    this.#calls.reserve(name);
    const sequence = this.#writer.send(name, {
      messageType: messageTypes.rpc,
      serviceId: service.id,
      methodId: method.id,
      acknowledges: 0,
      deadlineSeconds: Math.ceil((this.#options.now() + timeoutMs) / 1000),
      payload,
    });
    return this.#calls.wait(sequence, { name, timeoutMs, signal: options.signal });
  }

  /** Ends the connection with a close frame; one that the other side does not answer is cut off by `ws`. */
  close(code = 1000, reason = ''): void {
    const bytes = Buffer.from(reason);
    this.#socket.close(code, bytes.length > MAX_CLOSE_REASON_BYTES ? bytes.subarray(0, MAX_CLOSE_REASON_BYTES) : bytes);
  }

  /** Cuts the connection off. */
  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return; // what still arrives after our close frame
    if (!isBinary) return this.#violate(CLOSE_UNSUPPORTED, 'wRPC frames are binary, this one is text');
    const bytes = bytesOf(data);
    if (bytes.length > this.#options.maxFrameBytes) {
      return this.#violate(CLOSE_TOO_BIG, `a frame of ${bytes.length} bytes is over ${this.#options.maxFrameBytes}`);
    }
    let frame: Frame;
    try {
      frame = decodeFrame(bytes);
    } catch (error) {
      return this.#violate(CLOSE_INVALID, reasonOf(error));
    }
    this.#dispatch(frame);
  }

  #dispatch(frame: Frame): void {
    const unusable = unusableReason(frame);
    if (unusable !== undefined) return this.#violate(CLOSE_INVALID, `invalid wRPC message: ${unusable}`);
    const rule = brokenRule(frame, this.#options.strictness);
    if (rule !== undefined) {
      if (this.#options.strictness === 'go-wrpc') return this.#violate(CLOSE_INVALID, `invalid wRPC message: ${rule}`);
      return void this.events.emit('dropped', { why: 'rule', reason: rule });
    }
    if (frame.acknowledges !== 0) return this.#settle(frame);
    // An error that answers nothing has nobody to go to; answering it could go on for ever.
    if (frame.messageType === messageTypes.error) return this.#unknownAnswer(frame);
    if (frame.deadlineSeconds * 1000 < this.#options.now()) return this.#expired(frame);
    this.#serve(frame);
  }

  #expired(frame: Frame): void {
    const lateSeconds = Math.round(this.#options.now() / 1000 - frame.deadlineSeconds);
    const reason = `deadline of a call passed ${lateSeconds} s ago; do the clocks of both sides agree?`;
    this.events.emit('dropped', { why: 'expired', reason });
  }

  #settle(frame: Frame): void {
    const known =
      frame.messageType === messageTypes.error
        ? this.#calls.reject(frame.acknowledges, describeError(frame))
        : this.#calls.resolve(frame.acknowledges, frame.payload);
    if (!known) this.#unknownAnswer(frame);
  }

  #unknownAnswer(frame: Frame): void {
    this.events.emit('dropped', { why: 'unknown-answer', reason: `no call ${frame.acknowledges} waits for an answer` });
    if (this.#options.strictness === 'go-wrpc' && frame.messageType !== messageTypes.error) {
      this.#refuse(frame, errorTypes.generic, 'no call waits for this answer');
    }
  }

  #serve(frame: Frame): void {
    if (frame.messageType !== messageTypes.rpc)
      return this.#refuse(frame, errorTypes.generic, 'Unsupported message type');
    const entry = this.#services.get(frame.serviceId)?.methods.get(frame.methodId);
    if (entry === undefined) return this.#refuse(frame, errorTypes.invalidService, 'Invalid service (or rpc)');
    const { method, handler } = entry;
    if (handler === undefined) return this.#refuse(frame, errorTypes.invalidRpc, 'Unhandled method');
    if (this.#openRequests >= this.#options.maxOpenRequests) {
      return this.#refuse(frame, errorTypes.generic, `${this.#openRequests} calls are being worked on already`);
    }
    void this.#answer(frame, method, handler);
  }

  async #answer(frame: Frame, method: Method<unknown, unknown>, handler: Handler<unknown, unknown>): Promise<void> {
    this.#openRequests += 1;
    try {
      const response = await handler(method.request.decode(frame.payload), { signal: this.#ended.signal });
      const payload = method.response.encode(response);
      this.#reply(method.name, { ...answerTo(frame), messageType: messageTypes.rpc, payload });
    } catch (error) {
      this.#refuse(frame, errorTypes.unspecified, reasonOf(error));
    } finally {
      this.#openRequests -= 1;
    }
  }

  #refuse(frame: Frame, type: number, description: string): void {
    const error = { type, description: description.slice(0, MAX_DESCRIPTION_CHARACTERS) };
    this.#reply('an error', { ...answerTo(frame), messageType: messageTypes.error, error });
    this.events.emit('refused', { type, reason: error.description });
  }

  #reply(name: string, frame: UnnumberedFrame): void {
    try {
      this.#writer.answer(name, frame);
    } catch (error) {
      if (!(error instanceof WrpcError) || error.code !== 'ERR_WRPC_ANSWERS_UNREAD') throw error;
      this.terminate();
      this.events.emit('failed', error);
    }
  }

  #violate(code: number, reason: string): void {
    this.close(code, reason); // first: what a listener does then comes too late to change the code
    this.events.emit('failed', new WrpcError('ERR_WRPC_FRAME_INVALID', `Connection closed: ${reason}`));
  }

  #end(code: number, reason: string): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#calls.close(reason === '' ? `connection closed (${code})` : `connection closed (${code}: ${reason})`);
    this.events.emit('closed', { code, reason });
  }
}

const answerTo = (
  frame: Frame,
): Pick<OutgoingFrame, 'serviceId' | 'methodId' | 'acknowledges' | 'deadlineSeconds'> => ({
  serviceId: frame.serviceId,
  methodId: frame.methodId,
  acknowledges: frame.sequence,
  deadlineSeconds: 0,
});

function describeError(frame: Frame): string {
  if (frame.error === undefined) return 'no description';
  return frame.error.description === '' ? `error type ${frame.error.type}` : frame.error.description;
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
