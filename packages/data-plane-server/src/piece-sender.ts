import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

const FINAL_BINARY = 0x82; // RFC 6455, section 5.2: the first and last frame of a binary message

/**
 * Sends WebSocket messages that lie in pieces. `ws` takes a message in one piece only, or makes several frames of it, which
 * data planes do not understand. Joining them would make megabytes of garbage at every change and for every connection.
 * As compression is off, `ws` itself hands whole frames to the connection, so that ours come between two of them.
 */
export class PieceSender {
  readonly #socket: WebSocket;
  readonly #connection: Duplex;

  /** @param connection The one below the socket. */
  constructor(socket: WebSocket, connection: Duplex) {
    this.#socket = socket;
    this.#connection = connection;
  }

  /**
   * @param pieces Must not change any more: a slow connection reads them late.
   * @param written Called once the network has taken all of it, or with an error when it never will.
   */
  send(pieces: readonly Uint8Array[], written: (error?: Error | null) => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      return process.nextTick(written, new Error('the connection is not open')); // nothing may follow a close frame
    }
    const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
    this.#connection.cork(); // one call of the system and one run of encryption for all pieces
    this.#connection.write(frameHeader(sizeBytes));
    for (const piece of pieces.slice(0, -1)) this.#connection.write(piece);
    this.#connection.write(pieces.at(-1) ?? Buffer.alloc(0), written);
    this.#connection.uncork();
  }
}

function frameHeader(sizeBytes: number): Buffer {
  if (sizeBytes < 126) return Buffer.from([FINAL_BINARY, sizeBytes]);
  if (sizeBytes <= 0xffff) return Buffer.from([FINAL_BINARY, 126, sizeBytes >>> 8, sizeBytes & 0xff]);
  const header = Buffer.from([FINAL_BINARY, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeBigUInt64BE(BigInt(sizeBytes), 2);
  return header;
}
