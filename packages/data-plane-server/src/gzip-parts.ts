import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { combineCrc32, shiftFor } from './crc32-combine.ts';

/**
 * A piece of a gzip stream, compressed on its own. It ends at a byte border and looks back at nothing before it, so pieces
 * can be put together in any order, and replaced one by one.
 */
export interface GzipPart {
  /** Deflate blocks, none of them the last of a stream. */
  readonly bytes: Buffer;
  readonly crc: number;
  /** Length of the text, in bytes. */
  readonly textLength: number;
  /** `shiftFor(textLength)`, kept because it is needed at every assembly. */
  readonly shift: number;
}

const MAX_STORED_BYTES = 0xffff;
// A sync flush would keep earlier text as dictionary; the full flush forgets it (RFC 1951, section 3.2.4).
const deflateOptions = { level: 6, finishFlush: constants.Z_FULL_FLUSH } as const;
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]); // no time, no name: equal content, equal bytes
const TRAILER_BYTES = 8;
const lastBlock = Buffer.from([1, 0, 0, 0xff, 0xff]);

const partOf = (text: Buffer, bytes: Buffer): GzipPart => ({
  bytes,
  crc: crc32(text),
  textLength: text.length,
  shift: shiftFor(text.length),
});

/** Compresses a text of any length. */
export function compressedPart(text: string): GzipPart {
  const buffer = Buffer.from(text);
  const deflated = deflateRawSync(buffer, deflateOptions);
  // A copy: zlib hands out the first part of a block of 16 KiB, of which a typical piece takes less than half.
  return partOf(buffer, Buffer.from(new Uint8Array(deflated).buffer));
}

/** The text of a piece that `compressedPart` has made. */
export function textOfPart({ bytes }: GzipPart): string {
  return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString(); // pieces have no last block
}

/** Wraps a short text without compressing it: no more than five bytes around it, and next to no time. */
export function storedPart(text: string): GzipPart {
  const buffer = Buffer.from(text);
  if (buffer.length > MAX_STORED_BYTES) return compressedPart(text);
  const head = Buffer.alloc(5);
  head.writeUInt16LE(buffer.length, 1);
  head.writeUInt16LE(~buffer.length & 0xffff, 3);
  return partOf(buffer, Buffer.concat([head, buffer]));
}

/**
 * Assembles a gzip stream. Costs one multiplication per part and copies nothing.
 * @returns Its pieces, in order.
 */
export function gzipStream(parts: readonly GzipPart[]): readonly Buffer[] {
  let crc = 0;
  let length = 0;
  for (const part of parts) {
    crc = combineCrc32(crc, part.crc, part.shift);
    length += part.textLength;
  }
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return [gzipHeader, ...parts.map((part) => part.bytes), lastBlock, trailer];
}
