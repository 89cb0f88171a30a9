import { describe, expect, it } from '@jest/globals';
import { levelHas, newestLevel, versionLevel, versionNumber } from './version.ts';

describe('versions', () => {
  it('orders them by number, not by text', () => {
    const ordered = ['2.8.5', '3.0', '3.0.1', '3.9.1-rc.1', '3.10.0', '3.10.0.1'];
    expect(ordered.map(versionNumber)).toEqual(ordered.map(versionNumber).toSorted((a, b) => a - b));
    expect([versionNumber('3.10.0'), versionNumber('nonsense')]).toEqual([3_010_000_000, 0]);
  });

  it('reduces them to what changed', () => {
    expect(versionLevel('3.4.0')).toBe(versionLevel('3.4.2'));
    expect(versionLevel('4.0')).toBe(newestLevel);
    expect([
      levelHas(versionLevel('3.6.1'), '3.7'),
      levelHas(versionLevel('3.7.0'), '3.7'),
      levelHas(0, undefined),
    ]).toEqual([false, true, true]);
  });
});
