import { describe, expect, it } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { BucketedFragments } from './bucketed-fragments.ts';
import type { GzipPart } from './gzip-parts.ts';
import { gzipStream } from './gzip-parts.ts';

const textOf = (part: GzipPart): string => gunzipSync(Buffer.concat(gzipStream([part]))).toString();
const filled = (count: number): BucketedFragments => {
  const fragments = new BucketedFragments();
  for (let index = 0; index < count; index += 1) fragments.set(`id-${index}`, `{"n":${index}}`);
  return fragments;
};

describe('bucketed fragments', () => {
  it('re-encodes only the bucket of the entity that changed', () => {
    const fragments = filled(5000);
    const before = new Set(fragments.parts());
    fragments.set('id-77', '{"n":-1}');
    const fresh = fragments.parts().filter((part) => !before.has(part));
    expect(fresh).toHaveLength(1);
    expect(textOf(fresh[0]!)).toContain('{"n":-1}');
    expect(before.size).toBe(40);
  });

  it('re-encodes at most three buckets when one is added or removed', () => {
    const fragments = filled(5000);
    for (let index = 5000; index < 5300; index += 1) {
      const before = new Set(fragments.parts());
      fragments.set(`id-${index}`, '{}');
      expect(fragments.parts().filter((part) => !before.has(part)).length).toBeLessThanOrEqual(3);
    }
    for (let index = 0; index < 300; index += 1) {
      const before = new Set(fragments.parts());
      fragments.delete(`id-${index}`);
      expect(fragments.parts().filter((part) => !before.has(part)).length).toBeLessThanOrEqual(3);
    }
  });

  it('gives back every text, also after it has been compressed', () => {
    const fragments = filled(3000);
    fragments.parts();
    fragments.set('id-5', '{"n":"ü, 😀"}');
    fragments.compact();
    fragments.parts();
    expect([fragments.get('id-5'), fragments.get('id-6'), fragments.get('id-3000')]).toEqual([
      '{"n":"ü, 😀"}',
      '{"n":6}',
      undefined,
    ]);
    expect(new Map(fragments.entries()).get('id-2999')).toBe('{"n":2999}');
    expect([...fragments.entries()]).toHaveLength(3000);
  });

  it('encodes nothing anew for being read', () => {
    const fragments = filled(3000);
    const before = fragments.parts();
    for (let index = 0; index < 3000; index += 1) fragments.get(`id-${index}`);
    fragments.compact();
    expect(fragments.parts().every((part, index) => part === before[index])).toBe(true);
  });

  it('spreads entities evenly, neighbouring ids too', () => {
    const sizes = filled(10_000)
      .parts()
      .map((part) => textOf(part).split(',').length);
    expect(Math.max(...sizes)).toBeLessThan(400);
  });

  it('keeps no trace of how it got its content', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 600 }), fc.boolean()), { maxLength: 900 });
    fc.assert(
      fc.property(steps, (changes) => {
        const fragments = filled(300);
        const expected = new Map(Array.from({ length: 300 }, (_, index) => [`id-${index}`, `{"n":${index}}`]));
        for (const [index, remove] of changes) {
          if (remove) {
            fragments.delete(`id-${index}`);
            expected.delete(`id-${index}`);
          } else {
            fragments.set(`id-${index}`, `{"m":${index}}`);
            expected.set(`id-${index}`, `{"m":${index}}`);
          }
        }
        const fresh = new BucketedFragments();
        for (const [id, fragment] of [...expected].reverse()) fresh.set(id, fragment);
        expect(fragments.size).toBe(expected.size);
        expect(fragments.parts().map(textOf)).toEqual(fresh.parts().map(textOf));
      }),
      { numRuns: 30 },
    );
  });
});
