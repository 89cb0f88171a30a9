import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';

const testdata = (name: string): string => fileURLToPath(new URL(`testdata/${name}`, import.meta.url));
export const certificateFile = testdata('cluster.crt');
export const keyFile = testdata('cluster.key');
export const otherCertificateFile = testdata('other.crt');
export const otherKeyFile = testdata('other.key');

/** What a control plane sees of one request. */
export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  /** Order and case as sent. */
  readonly headerNames: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly serverName: string | undefined;
  readonly alpn: string | false | null;
  readonly clientCertificate: string | undefined;
}

/** One frame as sent by the data plane, or the end of its connection. */
export type SeenFrame =
  | { readonly opcode: 'text' | 'binary' | 'ping'; readonly data: Buffer }
  | { readonly opcode: 'close'; readonly code: number };

/** One connection as the control plane sees it. */
export class SeenConnection {
  readonly request: SeenRequest;
  readonly socket: WebSocket;
  readonly stream: Duplex;
  readonly #frames: SeenFrame[] = [];
  #wake: (() => void) | undefined;

  constructor(request: SeenRequest, socket: WebSocket, stream: Duplex) {
    this.request = request;
    this.socket = socket;
    this.stream = stream;
    socket.on('message', (data, isBinary) => this.#saw({ opcode: isBinary ? 'binary' : 'text', data: data as Buffer }));
    socket.on('ping', (data) => this.#saw({ opcode: 'ping', data }));
    socket.on('close', (code) => this.#saw({ opcode: 'close', code }));
    socket.on('error', () => {}); // what went wrong shows in the frames
  }

  /** The next frame, in the order in which they came. */
  async next(): Promise<SeenFrame> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#frames.shift() as SeenFrame; // the loop has made sure
  }

  /** The payload of the next frame, which must be of that kind. */
  async expect(opcode: 'binary' | 'ping'): Promise<Buffer> {
    const frame = await this.next();
    if (frame.opcode !== opcode) throw new Error(`Expected a ${opcode} frame, got ${JSON.stringify(frame)}`);
    return frame.data;
  }

  sendConfiguration(message: unknown): void {
    this.socket.send(gzipSync(JSON.stringify(message)), { binary: true });
  }

  #saw(frame: SeenFrame): void {
    this.#frames.push(frame);
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** How a scripted control plane answers. */
export interface Script {
  /** Status for plain requests such as the probe of Kong 3.0; default 400. */
  readonly plainStatus?: number;
  /** Status for upgrades; default 101. */
  readonly upgradeStatus?: number;
  readonly body?: string;
}

/** A TLS server that takes WebSockets, writes down what comes and does only what a test tells it. */
export class ScriptedControlPlane {
  readonly requests: SeenRequest[] = [];
  readonly #server = createServer({
    cert: readFileSync(certificateFile),
    key: readFileSync(keyFile),
    requestCert: true,
    rejectUnauthorized: false,
  });
  readonly #sockets = new WebSocketServer({ noServer: true, autoPong: true, perMessageDeflate: false, maxPayload: 0 });
  readonly #streams = new Set<Duplex>();
  readonly #waiting: ((connection: SeenConnection) => void)[] = [];
  readonly #connections: SeenConnection[] = [];

  constructor(script: Script = {}) {
    this.#server.on('secureConnection', (stream) => {
      this.#streams.add(stream);
      stream.on('error', () => {}); // a data plane may leave at any moment
      stream.once('close', () => this.#streams.delete(stream));
    });
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.requests.push(seen(request));
      response.writeHead(script.plainStatus ?? 400, { Connection: 'close' }).end();
    });
    this.#server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      this.requests.push(seen(request));
      const { upgradeStatus = 101, body = '' } = script;
      if (upgradeStatus !== 101) {
        stream.end(
          `HTTP/1.1 ${upgradeStatus} No\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        );
        return;
      }
      this.#sockets.handleUpgrade(request, stream, head, (socket) => {
        this.#connected(new SeenConnection(seen(request), socket, stream));
      });
    });
  }

  async start(port = 0): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on TCP
  }

  get url(): string {
    return `wss://127.0.0.1:${this.port}`;
  }

  /** The next connection, in the order in which they came. */
  async connection(): Promise<SeenConnection> {
    return this.#connections.shift() ?? new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const stream of this.#streams) stream.destroy();
    await closed;
  }

  #connected(connection: SeenConnection): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#connections.push(connection);
    else waiting(connection);
  }
}

function seen(request: IncomingMessage): SeenRequest {
  const stream = request.socket as TLSSocket; // the server speaks TLS only
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    headerNames: request.rawHeaders.filter((_, index) => index % 2 === 0),
    headers: request.headers,
    serverName: (stream as TLSSocket & { servername?: string }).servername, // missing in the types
    alpn: stream.alpnProtocol,
    clientCertificate: [stream.getPeerCertificate().subject?.CN ?? []].flat()[0],
  };
}
