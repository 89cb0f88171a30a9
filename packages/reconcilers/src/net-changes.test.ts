import { describe, expect, it } from '@jest/globals';
import { NetChanges } from './net-changes.ts';

describe('NetChanges', () => {
  it('forgets what came and went again, and what went and came back', () => {
    const changes = new NetChanges<string>((item) => item);
    changes.note(['a', 'b'], ['c', 'd']);
    changes.note(['c'], ['a']);
    expect([changes.added, changes.removed]).toEqual([['b'], ['d']]);
    changes.note(['a'], ['c']);
    expect([changes.added, changes.removed]).toEqual([
      ['b', 'a'],
      ['d', 'c'],
    ]);
    changes.clear();
    expect([changes.added, changes.removed]).toEqual([[], []]);
  });
});
