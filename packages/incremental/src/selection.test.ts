import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Selection } from './selection.ts';

describe('Selection', () => {
  it('lists its members in byte order whenever it is asked', () => {
    const operation = fc.record({ key: fc.nat(300).map((n) => `k${n}`), isRead: fc.boolean(), repeat: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 600, size: 'max' }), (operations) => {
        const selection = new Selection<unknown, unknown>(new Map(), 'v');
        const members = new Set<string>();
        for (const { key, isRead, repeat } of operations) {
          if (members.delete(key)) selection.remove(key);
          else selection.add((members.add(key), key));
          if (isRead && repeat === 0) expect(selection.keys()).toEqual([...members].sort());
        }
        expect(selection.keys()).toEqual([...members].sort());
        expect(selection.isNeeded).toBe(members.size > 0);
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('never changes a list that it has handed out', () => {
    const selection = new Selection<unknown, unknown>(new Map(), 'v');
    selection.add('b');
    const before = selection.keys();
    selection.add('a');
    expect([before, selection.keys()]).toEqual([['b'], ['a', 'b']]);
  });
});
