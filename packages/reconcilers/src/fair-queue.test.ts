import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.ts';

function drain(queue: FairQueue): readonly string[] {
  const keys: string[] = [];
  for (let key = queue.next(); key !== undefined; key = queue.next()) keys.push(key);
  return keys;
}

describe('FairQueue', () => {
  it('takes the newest change first, and every fourth time what has waited longest', () => {
    const queue = new FairQueue();
    for (const key of ['old1', 'old2']) queue.add(key, 'backlog');
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) queue.add(key, 'fresh');
    expect(drain(queue)).toEqual(['f', 'e', 'd', 'old1', 'c', 'b', 'a', 'old2']);
  });

  it('holds each key once, moves it out of the backlog when it changes, and forgets it when told to', () => {
    const queue = new FairQueue();
    for (const key of ['a', 'b', 'c', 'a']) queue.add(key, 'backlog');
    queue.add('c', 'fresh');
    queue.add('c', 'backlog');
    queue.delete('b');
    expect(queue.size).toBe(2);
    expect(drain(queue)).toEqual(['c', 'a']);
    expect(queue.size).toBe(0);
  });

  it('loses nothing when thousands are added, changed and forgotten over and over', () => {
    const queue = new FairQueue();
    for (let round = 0; round < 20; round += 1) {
      for (let key = 0; key < 500; key += 1) queue.add(String(key), key % 3 === 0 ? 'fresh' : 'backlog');
      for (let key = 0; key < 500; key += 2) queue.delete(String(key));
    }
    expect(drain(queue)).toHaveLength(250);
  });
});
