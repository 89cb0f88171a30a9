import { describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { compressedPart, gzipStream, storedPart } from './gzip-parts.ts';

describe('gzip parts', () => {
  it('unpack to the texts in a row, however they were wrapped', () => {
    const piece = fc.tuple(fc.string({ unit: 'binary', maxLength: 200 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const parts = pieces.map(([text, stored]) => (stored ? storedPart(text) : compressedPart(text)));
        const whole = pieces.map(([text]) => text).join('');
        expect(gunzipSync(Buffer.concat(gzipStream(parts))).toString()).toBe(Buffer.from(whole).toString());
      }),
    );
  });

  it('keeps repeated text small, and stores what is too long for one stored block', () => {
    const long = 'route '.repeat(20_000);
    expect(compressedPart(long).bytes.length).toBeLessThan(2000);
    expect(gunzipSync(Buffer.concat(gzipStream([storedPart(long), storedPart('!')]))).toString()).toBe(`${long}!`);
  });

  it('gives equal bytes for equal texts', () => {
    const build = (): Buffer =>
      Buffer.concat(gzipStream([storedPart('['), compressedPart('{"a":1}'), storedPart(']')]));
    expect(build().equals(build())).toBe(true);
  });
});
