import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryPersister } from '@koko/persister';
import { Store } from '@koko/store';
import { ChangeFeed } from '@koko/event-server';
import type { FeedItem } from '@koko/event-server';

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const service = (number: number, name = `service-${number}`) => ({ id: id(number), name, host: 'orders.test' });

describe('ChangeFeed', () => {
  let store: Store;
  let abort: AbortController;
  beforeEach(async () => {
    abort = new AbortController();
    store = new Store({ persister: new MemoryPersister(), changeLog: { maxRevisions: 3 } });
    await store.open();
  });
  afterEach(async () => {
    abort.abort();
    await store.close();
  });

  const subscribe = (since?: number): AsyncIterableIterator<FeedItem, undefined> =>
    new ChangeFeed(store).subscribe(since, abort.signal);
  const next = async (items: AsyncIterableIterator<FeedItem, undefined>): Promise<unknown> => {
    const { value } = await items.next();
    if (value === undefined) return undefined;
    const names =
      value.kind === 'snapshot'
        ? value.entities.map(({ entity }) => entity['name'])
        : value.changes.map((change) => (change.op === 'upsert' ? change.entity['name'] : `-${change.id}`));
    return [value.kind, value.revision, names];
  };

  it('begins with a snapshot, also of an empty store, and goes on with each change', async () => {
    const items = subscribe();
    expect(await next(items)).toEqual(['snapshot', 0, []]);
    const waiting = next(items);
    await store.upsert('services', service(1));
    expect(await waiting).toEqual(['changes', 1, ['service-1']]);
    await store.upsert('services', service(2));
    expect(await next(items)).toEqual(['changes', 2, ['service-2']]);
  });

  it('begins after the revision that the subscriber has', async () => {
    await store.upsert('services', service(1));
    await store.upsert('services', service(2));
    expect(await next(subscribe(1))).toEqual(['changes', 2, ['service-2']]);
    const items = subscribe(2);
    const waiting = next(items);
    await store.delete('services', id(1));
    expect(await waiting).toEqual(['changes', 3, [`-${id(1)}`]]);
  });

  it('tells a slow subscriber of several commits at once, of each entity the last change', async () => {
    const items = subscribe();
    await next(items);
    await store.upsert('services', service(1));
    await store.upsert('services', service(2));
    await store.upsert('services', service(1, 'renamed'));
    expect(await next(items)).toEqual(['changes', 3, ['service-2', 'renamed']]);
  });

  it('takes a snapshot where the log is trimmed, and for revisions from the future', async () => {
    for (let number = 1; number <= 5; number += 1) await store.upsert('services', service(number));
    expect(await next(subscribe(1))).toEqual(['snapshot', 5, expect.arrayContaining(['service-1', 'service-5'])]);
    expect(await next(subscribe(6))).toEqual(['snapshot', 5, expect.any(Array)]);
    expect(await next(subscribe(2))).toEqual(['changes', 5, ['service-3', 'service-4', 'service-5']]);
  });

  it('passes on the very objects of the commit, so that nothing is parsed again', async () => {
    const items = subscribe();
    await items.next();
    const { changes } = await store.upsert('services', service(1));
    const { value } = await items.next();
    expect(value?.kind === 'changes' && value.changes[0] === changes[0]).toBe(true);
  });

  it('follows one cluster only', async () => {
    const other = store.cluster('other');
    const items = new ChangeFeed(other).subscribe(0, abort.signal);
    const waiting = next(items);
    await store.upsert('services', service(1));
    await other.upsert('services', service(2));
    expect(await waiting).toEqual(['changes', 1, ['service-2']]);
  });

  it.each(['waiting', 'busy', 'not begun'])('ends and lets go when the signal aborts while it is %s', async (state) => {
    const counted = countListeners(store);
    const items = new ChangeFeed(counted.store).subscribe(0, abort.signal);
    const waiting = state === 'waiting' ? items.next() : undefined;
    if (state === 'busy') {
      await store.upsert('services', service(1));
      await items.next();
      await store.upsert('services', service(2));
    }
    abort.abort();
    expect(await (waiting ?? items.next())).toEqual({ done: true, value: undefined });
    expect(counted.listeners()).toBe(0);
  });

  it('lets go when the subscriber leaves or the store fails', async () => {
    const counted = countListeners(store);
    await store.upsert('services', service(1));
    for await (const item of new ChangeFeed(counted.store).subscribe(undefined, abort.signal)) {
      expect(item.kind).toBe('snapshot');
      break;
    }
    expect(counted.listeners()).toBe(0);
    const items = new ChangeFeed(counted.store).subscribe(undefined, abort.signal);
    await items.next();
    const waiting = items.next();
    await store.upsert('services', service(2));
    await waiting;
    await store.close();
    await expect(items.next()).rejects.toMatchObject({ code: 'ERR_STORE_NOT_OPEN' });
    expect(counted.listeners()).toBe(0);
  });

  it('keeps nothing of a snapshot while it waits for a change', async () => {
    await store.upsert('services', service(1));
    const items = subscribe();
    const snapshot = async (): Promise<WeakRef<object>> => new WeakRef((await items.next()).value as object); // there is one
    const seen = await snapshot();
    const waiting = items.next();
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    await new Promise((resolve) => setImmediate(resolve)); // what a WeakRef has shown stays until the turn ends
    collectGarbage();
    expect(seen.deref()).toBeUndefined();
    abort.abort();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  it('ends for who waits when the store closes', async () => {
    const counted = countListeners(store);
    const waiting = new ChangeFeed(counted.store).subscribe(store.revision, abort.signal).next();
    await store.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_STORE_NOT_OPEN' });
    expect(counted.listeners()).toBe(0);
  });
});

/** The same store, with a count of who listens to it. */
function countListeners(store: Store): { store: Store; listeners: () => number } {
  let listeners = 0;
  const events: Store['events'] = {
    on(event, listener, options) {
      listeners += 1;
      const end = store.events.on(event, listener, options);
      return () => {
        listeners -= 1;
        end();
      };
    },
  };
  const counting = new Proxy(store, {
    get: (target, name) => {
      if (name === 'events') return events;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { store: counting, listeners: () => listeners };
}
