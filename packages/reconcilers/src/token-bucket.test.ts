import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  it('allows a burst, then so many per second, and never more than a burst after a pause', () => {
    let now = 0;
    const bucket = new TokenBucket({ perSecond: 10, burst: 2, now: () => now });
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
    expect(bucket.waitMs()).toBe(100);
    now = 100;
    expect([bucket.take(), bucket.take()]).toEqual([true, false]);
    now = 60_000;
    expect(bucket.isFull).toBe(true);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
  });

  it('bears a clock that is set back', () => {
    let now = 1_000_000;
    const bucket = new TokenBucket({ perSecond: 10, burst: 1, now: () => now });
    bucket.take();
    now = 0;
    expect(bucket.waitMs()).toBe(100);
    now = 100;
    expect(bucket.take()).toBe(true);
  });
});
