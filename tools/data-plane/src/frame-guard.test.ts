import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { FrameGuard } from './frame-guard.ts';

/** A server's frame with a FIN bit. */
function frame(payload: Buffer, first = 0x82): Buffer {
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload]);
  const isShort = payload.length < 65_536;
  const length = Buffer.alloc(isShort ? 2 : 8);
  if (isShort) length.writeUInt16BE(payload.length);
  else length.writeBigUInt64BE(BigInt(payload.length));
  return Buffer.concat([Buffer.from([first, isShort ? 126 : 127]), length, payload]);
}

describe('FrameGuard', () => {
  it('lets whole frames pass, however the bytes are cut', () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 125, 126, 65_535, 65_536, 70_000), { minLength: 1, maxLength: 5 });
    const cuts = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, cuts, (lengths, steps) => {
        const bytes = Buffer.concat(lengths.map((length) => frame(Buffer.alloc(length, 0xff))));
        const guard = new FrameGuard(70_000);
        for (let offset = 0, index = 0; offset < bytes.length; index += 1) {
          const step = steps[index % steps.length] ?? 1;
          expect(guard.inspect(bytes.subarray(offset, offset + step))).toBeUndefined();
          offset += step;
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a first fragment', frame(Buffer.from('x'), 0x02), 'fragmented frame'],
    ['a last fragment', frame(Buffer.from('x'), 0x80), 'fragmented frame'],
    ['compression', frame(Buffer.from('x'), 0xc2), 'reserved bits set'],
    ['a mask', Buffer.from([0x82, 0x81, 0, 0, 0, 0, 0]), 'masked frame'],
    ['a frame over the limit', frame(Buffer.alloc(101)), 'exceeding max payload len'],
    [
      'a length that no number holds',
      Buffer.from([0x82, 127, ...Array<number>(8).fill(0xff)]),
      'exceeding max payload len',
    ],
  ])('objects to %s, after any number of good frames', (_what, bytes, objection) => {
    expect(new FrameGuard(100).inspect(Buffer.concat([frame(Buffer.alloc(100)), bytes]))).toBe(objection);
  });
});
