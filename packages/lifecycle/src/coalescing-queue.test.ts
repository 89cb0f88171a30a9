import { describe, expect, it } from '@jest/globals';
import { CoalescingQueue } from './coalescing-queue.ts';

const queueOfPairs = (): CoalescingQueue<readonly [string, number]> => new CoalescingQueue(([key]) => key);

describe('CoalescingQueue', () => {
  it('yields a first batch even when nothing waits, and then only what was added', async () => {
    const queue = queueOfPairs();
    const batches = queue.drain(new AbortController().signal);
    expect((await batches.next()).value).toEqual([]);
    const next = batches.next();
    queue.add(['a', 1]);
    expect((await next).value).toEqual([['a', 1]]);
  });

  it('keeps the newest of equal items while the reader is busy', async () => {
    const queue = queueOfPairs();
    for (const item of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ] as const)
      queue.add(item);
    const batches = queue.drain(new AbortController().signal);
    expect((await batches.next()).value).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
  });

  it('ends when the signal aborts, also in the middle of waiting', async () => {
    const stop = new AbortController();
    const batches = queueOfPairs().drain(stop.signal);
    await batches.next();
    const waiting = batches.next();
    stop.abort();
    expect((await waiting).done).toBe(true);
  });
});
