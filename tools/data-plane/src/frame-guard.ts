/** Why a real data plane gives up on a connection after a frame. */
export type FrameObjection = 'fragmented frame' | 'reserved bits set' | 'exceeding max payload len' | 'masked frame';

const FIN = 0x80;
const RESERVED = 0x70;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const CONTINUATION = 0;
const MAX_HEADER_BYTES = 10;

/**
 * Watches the frame headers of a server's byte stream for what Kong's WebSocket library cannot take. A WebSocket
 * library of our own kind joins fragments silently, so this has to look at the bytes.
 * @see lua-resty-websocket protocol.lua: a frame without FIN ends Kong's read loops.
 */
export class FrameGuard {
  readonly #maxPayloadBytes: number;
  readonly #header = Buffer.alloc(MAX_HEADER_BYTES);
  #headerBytes = 0;
  #payloadLeft = 0;

  constructor(maxPayloadBytes: number) {
    this.#maxPayloadBytes = maxPayloadBytes;
  }

  /** Reads on; returns what is wrong with the first offending frame, after which the guard is of no more use. */
  inspect(chunk: Uint8Array): FrameObjection | undefined {
    let offset = 0;
    while (offset < chunk.length) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, chunk.length - offset);
        this.#payloadLeft -= skipped;
        offset += skipped;
        continue;
      }
      this.#header[this.#headerBytes] = chunk[offset] ?? 0;
      this.#headerBytes += 1;
      offset += 1;
      if (this.#headerBytes < this.#headerLength()) continue;
      const objection = this.#objection();
      if (objection !== undefined) return objection;
      this.#payloadLeft = this.#payloadLength();
      this.#headerBytes = 0;
    }
    return undefined;
  }

  #headerLength(): number {
    if (this.#headerBytes < 2) return 2;
    const length = (this.#header[1] ?? 0) & LENGTH;
    return length === 127 ? 10 : length === 126 ? 4 : 2;
  }

  #payloadLength(): number {
    const length = (this.#header[1] ?? 0) & LENGTH;
    if (length === 126) return this.#header.readUInt16BE(2);
    return length === 127 ? Number(this.#header.readBigUInt64BE(2)) : length;
  }

  #objection(): FrameObjection | undefined {
    const first = this.#header[0] ?? 0;
    if ((first & RESERVED) !== 0) return 'reserved bits set';
    if ((first & FIN) === 0 || (first & OPCODE) === CONTINUATION) return 'fragmented frame';
    if (((this.#header[1] ?? 0) & MASKED) !== 0) return 'masked frame';
    return this.#payloadLength() > this.#maxPayloadBytes ? 'exceeding max payload len' : undefined;
  }
}
