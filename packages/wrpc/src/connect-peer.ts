import type { ClientOptions } from 'ws';
import { WebSocket } from 'ws';
import { WRPC_SUBPROTOCOL } from './frame.ts';
import type { PeerOptions } from './peer.ts';
import { Peer } from './peer.ts';
import { WrpcError } from './wrpc-error.ts';

/** Where to connect and as whom. */
export interface ConnectOptions extends PeerOptions {
  /** `wss://host:port/path?query`, sent as given. */
  readonly url: string;
  /** Certificates, `servername`, `headers`, `checkServerIdentity` and the like, for `ws` and `node:tls`. */
  readonly client?: Omit<ClientOptions, 'perMessageDeflate' | 'maxPayload'>;
  /** Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /** Ends the connection, now or later. */
  readonly signal?: AbortSignal;
  /** Runs before the first message can arrive: register services and listeners here. */
  readonly prepare?: (peer: Peer) => void;
}

/**
 * Opens a connection.
 * @throws {WrpcError} `ERR_WRPC_CONNECT` with the socket's error as `cause`, e.g. a refused certificate or a status other than 101.
 */
export async function connectPeer(options: ConnectOptions): Promise<Peer> {
  const { url, client, handshakeTimeoutMs = 10_000, signal, prepare, ...peerOptions } = options;
  if (signal?.aborted) throw new WrpcError('ERR_WRPC_CONNECT', `Cannot connect to ${originOf(url)}: aborted`);
  const socket = new WebSocket(url, WRPC_SUBPROTOCOL, {
    ...client,
    handshakeTimeout: handshakeTimeoutMs,
    // Kong knows no extensions: a frame with RSV bits ends the connection.
    perMessageDeflate: false,
    maxPayload: options.maxFrameBytes ?? 64 * 1024 * 1024,
  });
  const peer = new Peer(socket, peerOptions);
  const abort = (): void => socket.terminate();
  signal?.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal?.removeEventListener('abort', abort));
  prepare?.(peer);
  await opened(socket, url);
  return peer;
}

function opened(socket: WebSocket, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let cause: Error | undefined;
    const fail = (): void => {
      const reason = cause === undefined ? 'connection closed' : cause.message;
      reject(new WrpcError('ERR_WRPC_CONNECT', `Cannot connect to ${originOf(url)}: ${reason}`, { cause }));
    };
    socket.once('error', (error) => (cause = error));
    socket.once('close', fail);
    socket.once('open', () => {
      socket.off('close', fail);
      resolve();
    });
  });
}

/** The query can hold identifying values, so messages name the origin only. */
const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : 'an address that is no URL');
