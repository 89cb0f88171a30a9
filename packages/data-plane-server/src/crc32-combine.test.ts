import { describe, expect, it } from '@jest/globals';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { combineCrc32, shiftFor } from './crc32-combine.ts';

const combined = (a: Uint8Array, b: Uint8Array): number => combineCrc32(crc32(a), crc32(b), shiftFor(b.length));

describe('combined CRC-32', () => {
  it('equals the checksum of both texts together', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        expect(combined(a, b)).toBe(crc32(Buffer.concat([a, b])));
      }),
    );
  });

  it('holds for parts of megabytes', () => {
    const a = Buffer.alloc(3_000_001, 'abc');
    const b = Buffer.alloc(5_000_003, 'xy');
    expect(combined(a, b)).toBe(crc32(Buffer.concat([a, b])));
  });
});
