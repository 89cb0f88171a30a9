import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { compareBytes, sortByBytes } from './byte-order.ts';
import { sameContent, sameData } from './same-data.ts';
import { itemsOf, type SmallSet, withItem, withoutItem } from './small-set.ts';

describe('byte order', () => {
  it('is that of the encoded strings', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { seed: 1 },
    );
    expect(sortByBytes(['\u{1f600}', '\uffee', 'a'])).toEqual(['a', '\uffee', '\u{1f600}']);
  });
});

describe('equality of plain data', () => {
  it('accepts every copy', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(sameData(value, structuredClone(value))).toBe(true);
        expect(sameContent(value, structuredClone(value))).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it('tells apart what a reader could tell apart', () => {
    const pairs: [unknown, unknown][] = [
      [{ a: 1 }, { a: 1, b: undefined }],
      [{ a: undefined }, { b: undefined }],
      [[1], { 0: 1 }],
      [[1], [1, undefined]],
      [null, {}],
      ['1', 1],
      [new Map([[1, 2]]), new Map([[1, 3]])],
      [Uint8Array.of(1), Uint8Array.of(2)],
      [new Date(1), new Date(2)],
      [new Date(1), {}],
    ];
    for (const [a, b] of pairs) expect([sameData(a, b), sameContent(b, a)]).toEqual([false, false]);
    expect(sameData([Uint8Array.of(1), new Map([[1, NaN]])], [Uint8Array.of(1), new Map([[1, NaN]])])).toBe(true);
  });

  it('heeds the order of keys only where a reader may walk them', () => {
    const [a, b] = [{ x: [{ a: 1, b: 2 }] }, { x: [{ b: 2, a: 1 }] }];
    expect([sameData(a, b), sameContent(a, b)]).toEqual([false, true]);
  });
});

describe('small sets', () => {
  it('behave like sets at every size', () => {
    const pool = Array.from({ length: 40 }, (_, id) => ({ id }));
    const operation = fc.record({ item: fc.constantFrom(...pool), isAdding: fc.boolean() });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200, size: 'max' }), (operations) => {
        let small: SmallSet<{ id: number }> = undefined;
        const set = new Set<{ id: number }>();
        for (const { item, isAdding } of operations) {
          small = isAdding ? withItem(small, item) : withoutItem(small, item);
          if (isAdding) set.add(item);
          else set.delete(item);
          expect(new Set(itemsOf(small))).toEqual(set);
        }
        for (const item of pool) small = withoutItem(small, item);
        expect(small).toBeUndefined();
      }),
      { numRuns: 50, seed: 1 },
    );
  });
});
