import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { FrameGuard } from './frame-guard.ts';
import type { TlsIdentity } from './tls-identity.ts';
import type { DataPlaneProtocol } from './version-traits.ts';

/** Where and how to open a connection. */
export interface ConnectionOptions {
  readonly controlPlane: URL;
  readonly protocol: DataPlaneProtocol;
  readonly nodeId: string;
  readonly hostname: string;
  readonly version: string;
  readonly maxPayloadBytes: number;
  readonly identity: TlsIdentity;
  readonly handshakeTimeoutMs: number;
  /** Milliseconds without reading after the handshake and after each frame, or never reading at all. */
  readonly slowReader?: number | 'never' | undefined;
}

/** How a connection ended. */
export interface ConnectionEnd {
  readonly reason: string;
}

const WRPC_SUBPROTOCOL = 'wrpc.konghq.com';
const END_GRACE_MS = 500;
const MAX_ANSWER_BYTES = 512;

/** One WebSocket to a control plane, as strict about frames as Kong's library. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #ended: Promise<ConnectionEnd>;
  #stream: Socket | undefined;
  #reason: string | undefined;
  #pauseTimer: NodeJS.Timeout | undefined;

  /** @param prepare Runs before the first frame can arrive. */
  constructor(options: ConnectionOptions, prepare: (socket: WebSocket) => void) {
    this.#socket = openSocket(options);
    this.#ended = new Promise((resolve) => {
      this.#socket.once('close', (code) => {
        clearTimeout(this.#pauseTimer);
        resolve({ reason: this.#reason ?? endReason(code) });
      });
    });
    this.#socket.on('error', (error) => (this.#reason ??= describeFailure(error)));
    this.#socket.on('unexpected-response', (request, response) => this.#refusedByHttp(request, response));
    this.#socket.once('upgrade', (response) => this.#guard(response.socket, options));
    prepare(this.#socket);
  }

  /** @returns Whether the WebSocket opened; if not, `ended` tells why. */
  async opened(): Promise<boolean> {
    if (this.#socket.readyState === WebSocket.OPEN) return true;
    return new Promise((resolve) => {
      this.#socket.once('open', () => resolve(true));
      this.#socket.once('close', () => resolve(false));
    });
  }

  get ended(): Promise<ConnectionEnd> {
    return this.#ended;
  }

  /** Leaves as a stopped Kong does: the TCP connection ends, no close frame. */
  leave(reason: string): void {
    this.#reason ??= reason;
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) return this.#socket.terminate();
    stream.destroySoon();
    const deadline = setTimeout(() => this.#socket.terminate(), END_GRACE_MS);
    this.#socket.once('close', () => clearTimeout(deadline));
  }

  /** Leaves as Kong's read loop does: an empty close frame, then the end, whether answered or not. */
  abandon(reason: string): void {
    this.#reason ??= reason;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close();
    this.leave(reason);
  }

  #refusedByHttp(request: ClientRequest, response: IncomingMessage): void {
    let text = '';
    response.on('data', (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(0, MAX_ANSWER_BYTES)));
    response.once('close', () => {
      const detail = text.trim().replaceAll(/\s+/g, ' ');
      this.#reason ??= `control plane answered HTTP ${response.statusCode}${detail === '' ? '' : `: ${detail}`}`;
      request.destroy();
      this.#socket.terminate();
    });
  }

  /** Sees every byte before the WebSocket library does, which joins fragments silently. */
  #guard(stream: Socket, { maxPayloadBytes, slowReader }: ConnectionOptions): void {
    this.#stream = stream;
    const guard = new FrameGuard(maxPayloadBytes);
    const inspect = (chunk: Buffer): void => {
      const objection = guard.inspect(chunk);
      if (objection === undefined) return;
      stream.off('data', inspect);
      this.abandon(`frame refused: ${objection}`);
    };
    stream.on('data', inspect);
    if (slowReader === undefined) return;
    this.#socket.once('open', () => this.#pause(slowReader));
    if (slowReader !== 'never') this.#socket.on('message', () => this.#pause(slowReader));
  }

  #pause(duration: number | 'never'): void {
    this.#socket.pause();
    clearTimeout(this.#pauseTimer);
    if (duration !== 'never') this.#pauseTimer = setTimeout(() => this.#socket.resume(), duration);
  }
}

/** The request target of a protocol; Kong escapes nothing in it. */
export const requestTarget = ({ protocol, nodeId, hostname, version }: ConnectionOptions): string =>
  `${protocol === 'wrpc' ? '/v1/wrpc' : '/v1/outlet'}?node_id=${nodeId}&node_hostname=${hostname}&node_version=${version}`;

function openSocket(options: ConnectionOptions): WebSocket {
  const url = new URL(requestTarget(options), options.controlPlane);
  return new WebSocket(url, options.protocol === 'wrpc' ? [WRPC_SUBPROTOCOL] : [], {
    ...options.identity,
    perMessageDeflate: false, // Kong knows no extensions and offers none
    maxPayload: 0, // the guard counts, frame by frame as Kong does
    handshakeTimeout: options.handshakeTimeoutMs,
    finishRequest: (request) => {
      orderHeaders(request);
      request.end();
    },
  });
}

const HEADER_ORDER = [
  'Upgrade',
  'Host',
  'Sec-WebSocket-Key',
  'Sec-WebSocket-Protocol',
  'Sec-WebSocket-Version',
  'Connection',
];

/** Puts the headers into the order in which lua-resty-websocket writes them. */
function orderHeaders(request: ClientRequest): void {
  const values = HEADER_ORDER.map((name) => [name, request.getHeader(name)] as const);
  for (const name of request.getHeaderNames()) request.removeHeader(name);
  for (const [name, value] of values) if (value !== undefined) request.setHeader(name, value);
}

const endReason = (code: number): string =>
  code === 1006 ? 'connection ended without a close frame' : `control plane sent a close frame (${closeCode(code)})`;

const closeCode = (code: number): string => (code === 1005 ? 'no code' : String(code));

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: is the control plane running at that address?',
  ENOTFOUND: 'host name not found',
  ETIMEDOUT: 'connection timed out',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the control plane is for another name, see --server-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the control plane is not trusted, see --ca',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the control plane is not trusted, see --ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the control plane is not trusted, see --ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the control plane is not trusted, see --ca',
  CERT_HAS_EXPIRED: 'the certificate of the control plane has expired',
};

/** Says what a failed connection means for whoever runs the data plane. */
export function describeFailure(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException; // system and TLS errors carry a code, others have none
  const known = code === undefined ? undefined : FAILURES[code];
  if (known !== undefined) return `${known} (${code})`;
  if (code === 'ECONNRESET' || message === 'socket hang up') {
    return 'control plane ended the connection without an answer: does it know this client certificate?';
  }
  return message;
}
