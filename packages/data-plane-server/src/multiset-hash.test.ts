import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EMPTY_HASH, MultisetHash, textHash } from './multiset-hash.ts';

const hashOf = (texts: readonly string[]): string => {
  const sum = new MultisetHash();
  for (const text of texts) sum.add(textHash('routes', text));
  return sum.toString();
};

describe('multiset hash', () => {
  it('does not depend on order, nor on what came and went', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (texts, passing) => {
        const sum = new MultisetHash();
        for (const text of passing) sum.add(textHash('routes', text));
        for (const text of texts.toReversed()) sum.add(textHash('routes', text));
        for (const text of passing) sum.delete(textHash('routes', text));
        expect(sum.toString()).toBe(hashOf(texts));
      }),
    );
  });

  it('is 32 hexadecimal characters, and zeros only when empty', () => {
    expect(hashOf([])).toBe(EMPTY_HASH);
    expect(hashOf(['a'])).toMatch(/^[0-9a-f]{32}$/);
    const sum = new MultisetHash();
    sum.add(5n);
    sum.add((1n << 128n) - 5n);
    expect(sum.toString()).toBe('1'.padStart(32, '0'));
  });

  it('differs when content or collection differs, and counts repetitions', () => {
    expect(hashOf(['a'])).not.toBe(hashOf(['b']));
    expect(hashOf(['a'])).not.toBe(hashOf(['a', 'a']));
    expect(textHash('routes', 'a')).not.toBe(textHash('services', 'a'));
  });
});
