import { describe, expect, it } from '@jest/globals';
import { ObjectStore } from './object-store.ts';
import type { ApiObject } from './api-object.ts';

const object = (name: string, value: number): ApiObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  value,
});

describe('Collection', () => {
  it('keeps a bounded history, however much is written', () => {
    const store = new ObjectStore(100);
    const collection = store.collection('things');
    for (let index = 0; index < 50_000; index += 1) store.put('things', object(`o${index % 10}`, index));
    expect(collection.size).toBe(10);
    expect(collection.historyLength).toBeLessThanOrEqual(125);
    expect(collection.reachesBackTo(store.revision - 100)).toBe(true);
    expect(collection.reachesBackTo(store.revision - 126)).toBe(false);
  });

  it('shows any state that its history reaches back to', () => {
    const store = new ObjectStore(100);
    const states = new Map<number, readonly string[]>();
    const collection = store.collection('things');
    for (const [index, name] of ['b', 'a', 'b', 'c', 'a'].entries()) {
      store.put('things', object(name, index));
      if (index === 3) store.remove('things', object('b', index));
      states.set(store.revision, collection.sorted().map(text));
    }
    for (const [revision, expected] of states) expect(collection.sortedAt(revision).map(text)).toEqual(expected);
    expect(states.get(store.revision)).toEqual(['a 4', 'c 3']);
  });

  it('forgets what came before a compaction, also in collections that nobody has touched', () => {
    const store = new ObjectStore(100);
    store.put('things', object('a', 1));
    store.compact();
    expect(store.collection('things').reachesBackTo(store.revision - 1)).toBe(false);
    expect(store.collection('others').reachesBackTo(store.revision - 1)).toBe(false);
    expect(store.collection('others').reachesBackTo(store.revision)).toBe(true);
  });
});

function text({ metadata, value }: ApiObject): string {
  return `${metadata.name} ${String(value)}`;
}
