import type { Logger } from '@koko/lifecycle';
import { WRPC_SUBPROTOCOL } from '@koko/wrpc';
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { DataPlaneServerTls } from './client-authentication.ts';
import { ClientAuthentication, tlsServerOptions } from './client-authentication.ts';
import { DataPlaneServerError } from './data-plane-server-error.ts';
import type { DataPlaneServerLimits } from './limits.ts';
import type { NodeProtocol } from './node-registry.ts';
import type { NodeIdentity } from './node-request.ts';
import { PieceSender } from './piece-sender.ts';
import { parseNodeQuery } from './node-request.ts';

/** A WebSocket that a data plane has opened. */
export interface OpenedSocket {
  readonly socket: WebSocket;
  /** Of the same connection, for large messages. */
  readonly sender: PieceSender;
  readonly protocol: NodeProtocol;
  readonly identity: NodeIdentity;
  readonly ip: string;
}

export interface EndpointOptions {
  readonly tls: DataPlaneServerTls;
  readonly limits: DataPlaneServerLimits;
  readonly logger: Logger;
  readonly opened: (opened: OpenedSocket) => void;
  /** A connection was refused before it became a WebSocket. */
  readonly refused: (refusal: { readonly ip: string; readonly reason: string }) => void;
}

const protocols: Readonly<Record<string, NodeProtocol>> = { '/v1/outlet': 'v1', '/v1/wrpc': 'wrpc' };

/** The port that data planes connect to: TLS, certificate check, paths, upgrade. What is said after that is not its business. */
export class Endpoint {
  readonly #options: EndpointOptions;
  readonly #authentication: ClientAuthentication;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #sockets = new Set<Socket>();
  /** Connections whose certificate is right; whatever is not in here is not served. */
  readonly #admitted = new WeakSet<Socket>();
  readonly #answered = new WeakSet<Socket>();

  /** @throws {DataPlaneServerError} When certificate or key cannot be used. */
  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#authentication = new ClientAuthentication(options.tls);
    this.#server = createTlsServer(options);
    this.#server.on('connection', (socket) => this.#track(socket));
    this.#server.on('secureConnection', (socket: TLSSocket) => this.#authenticate(socket));
    this.#server.on('tlsClientError', (error, socket: Socket) =>
      this.#refuse(socket, `TLS handshake failed: ${tlsReason(error)}`),
    );
    this.#server.on('drop', (dropped) =>
      this.#options.refused({ ip: plainAddress(dropped?.remoteAddress), reason: 'too many connections' }),
    );
    this.#server.on('clientError', (error, socket) => this.#unreadable(error, socket));
    this.#server.on('request', (request, response) => this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#webSockets = new WebSocketServer({
      ...closeTimeout(options.limits.closeTimeoutMs),
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false, // no data plane wants it, and `PieceSender` counts on it
      autoPong: false,
      maxPayload: options.limits.maxFrameBytes,
      maxFragments: 64, // data planes never fragment
      maxBufferedChunks: 16 * 1024,
      handleProtocols: (offered) => (offered.has(WRPC_SUBPROTOCOL) ? WRPC_SUBPROTOCOL : false),
    });
    this.#webSockets.on('wsClientError', (error, socket, request) =>
      this.#reject(socket, addressOf(request.socket), { status: '400 Bad Request', reason: error.message }),
    );
  }

  /** @throws The socket's error, e.g. with code `EADDRINUSE`. */
  async listen(port: number, host: string, signal: AbortSignal): Promise<void> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening', { signal });
  }

  get port(): number {
    const address = this.#server.address();
    // A TCP server has an AddressInfo while it listens.
    return address === null ? 0 : (address as AddressInfo).port;
  }

  /** Stops listening and cuts off what is still connected. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  /** Before any byte of HTTP is read: whoever has not the right certificate gets no answer at all. */
  #authenticate(socket: TLSSocket): void {
    const refusal = this.#authentication.refusalOf(socket);
    if (refusal === undefined) this.#admitted.add(socket);
    else this.#refuse(socket, refusal);
  }

  #refuse(socket: Socket, reason: string): void {
    this.#options.refused({ ip: addressOf(socket), reason });
    socket.destroy();
  }

  /** What is no HTTP request, or never becomes a whole one. */
  #unreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
    // The server that emits this is one of TLS sockets.
    const connection = socket as TLSSocket;
    const reason = requestReason(error, this.#options.limits);
    // A data plane that was told 404 sends a WebSocket close frame all the same; that was answered already.
    const isNews = this.#admitted.has(connection) && !this.#answered.has(connection);
    this.#answered.add(connection); // a parser can fail twice
    if (isNews && reason !== undefined) this.#refuse(connection, reason);
    else connection.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // What was already received when the connection was refused is still read by Node.
    if (!this.#admitted.has(request.socket)) return void request.socket.destroy();
    this.#answered.add(request.socket);
    const { pathname } = splitTarget(request.url);
    const isHealth = pathname === '/health' && (request.method === 'GET' || request.method === 'HEAD');
    if (isHealth) return respond(response, 200, '');
    // Data planes 3.0 probe with HEAD /v1/wrpc and take anything but 404 for support.
    if (pathname in protocols) return respond(response, 400, `${pathname} takes WebSocket connections only\n`);
    respond(response, 404, 'not found\n');
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!this.#admitted.has(request.socket)) return void request.socket.destroy();
    const { pathname, query } = splitTarget(request.url);
    const protocol = protocols[pathname];
    const ip = addressOf(request.socket);
    if (protocol === undefined) return this.#reject(socket, ip, { status: '404 Not Found', reason: `no such path` });
    const badRequest = (reason: string): void => this.#reject(socket, ip, { status: '400 Bad Request', reason });
    const identity = parseNodeQuery(query);
    if (typeof identity === 'string') return badRequest(identity);
    const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
    if (protocol === 'wrpc' && !offered.includes(WRPC_SUBPROTOCOL)) {
      return badRequest(`Sec-WebSocket-Protocol must be ${WRPC_SUBPROTOCOL}`);
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      this.#options.opened({
        socket: webSocket,
        sender: new PieceSender(webSocket, socket),
        protocol,
        identity,
        ip,
      }),
    );
  }

  #reject(socket: Duplex, ip: string, answer: { readonly status: string; readonly reason: string }): void {
    this.#options.refused({ ip, reason: answer.reason });
    const body = `${answer.reason}\n`;
    const headers = ['Connection: close', 'Content-Type: text/plain', `Content-Length: ${Buffer.byteLength(body)}`];
    socket.on('error', () => socket.destroy());
    socket.end(`HTTP/1.1 ${answer.status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  }
}

/** A setting of `ws` 8.23 that its type declarations do not have yet. */
const closeTimeout = (ms: number): object => ({ closeTimeout: ms });

function createTlsServer({ tls, limits }: EndpointOptions): Server {
  try {
    const server = createServer({
      ...tlsServerOptions(tls),
      handshakeTimeout: limits.handshakeTimeoutMs,
      headersTimeout: limits.requestTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(limits.requestTimeoutMs, 5000),
      keepAliveTimeout: 1000,
      maxHeaderSize: limits.maxHeaderBytes,
      noDelay: true,
    });
    server.maxConnections = limits.maxConnections;
    server.timeout = 0; // sessions have rules of their own
    return server;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `Cannot use the certificate and key of the data-plane endpoint: ${reason}`;
    throw new DataPlaneServerError('ERR_DATA_PLANE_SERVER_CERTIFICATE', message, { cause });
  }
}

function respond(response: ServerResponse, status: number, body: string): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { Connection: 'close', 'Content-Type': 'text/plain', 'Content-Length': length });
  response.end(body);
}

function splitTarget(target: string | undefined): { pathname: string; query: string } {
  const text = target ?? '/';
  const mark = text.indexOf('?');
  return mark < 0 ? { pathname: text, query: '' } : { pathname: text.slice(0, mark), query: text.slice(mark + 1) };
}

const addressOf = (socket: Socket): string => plainAddress(socket.remoteAddress);

const plainAddress = (address = ''): string => address.replace(/^::ffff:/, '');

/** OpenSSL's own short reason where there is one: the message around it is for its developers. */
const tlsReason = (error: Error): string =>
  'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;

/** Why a request could not be read; undefined when the connection just ended. */
function requestReason(
  { code = '', message }: NodeJS.ErrnoException,
  limits: DataPlaneServerLimits,
): string | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return `no complete request within ${limits.requestTimeoutMs} ms`;
  if (code === 'HPE_HEADER_OVERFLOW') return `request header is over ${limits.maxHeaderBytes} bytes`;
  return code.startsWith('HPE_') ? `request is not readable as HTTP: ${message}` : undefined;
}
