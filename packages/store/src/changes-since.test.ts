import { describe, expect, it, jest } from '@jest/globals';
import { silentLogger } from '@koko/lifecycle';
import { MemoryPersister } from '@koko/persister';
import { Store } from './store.ts';
import type { StoreOptions } from './store-options.ts';

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const service = (number: number, name = `service-${number}`) => ({ id: id(number), name, host: 'orders.test' });

async function withStore(options: Partial<StoreOptions>, use: (store: Store) => Promise<void>): Promise<void> {
  const store = new Store({ persister: new MemoryPersister(), ...options });
  await store.open();
  await use(store);
  await store.close();
}

describe('changesSince', () => {
  it.each([
    ['from memory', 1000],
    ['from the database', 0],
  ])('tells of each entity the last change with its present content, %s', async (_, recentChanges) => {
    await withStore({ recentChanges }, async (store) => {
      await store.upsert('services', service(1));
      await store.upsert('services', service(2));
      await store.upsert('services', service(1, 'renamed'));
      await store.delete('services', id(2));
      expect(await store.changesSince(0)).toMatchObject({
        revision: 4,
        changes: [
          { op: 'upsert', type: 'services', id: id(1), entity: { name: 'renamed' } },
          { op: 'delete', type: 'services', id: id(2) },
        ],
      });
      expect(await store.changesSince(3)).toMatchObject({ revision: 4, changes: [{ op: 'delete', id: id(2) }] });
      expect(await store.changesSince(4)).toEqual({ revision: 4, changes: [] });
    });
  });

  it('knows nothing of the future', async () => {
    await withStore({}, async (store) => {
      expect(await store.changesSince(0)).toEqual({ revision: 0, changes: [] });
      expect(await store.changesSince(1)).toBe('trimmed');
    });
  });

  it('is trimmed by number of revisions, of changes, and by age', async () => {
    let now = 0;
    const write = async (store: Store, times: number): Promise<void> => {
      for (let index = 1; index <= times; index += 1)
        await store.upsert('services', service(1, `name-${now}-${index}`));
    };
    await withStore({ changeLog: { maxRevisions: 3 }, now: () => now }, async (store) => {
      await write(store, 5);
      expect(await store.changesSince(1)).toBe('trimmed');
      expect(await store.changesSince(2)).toMatchObject({ revision: 5 });
    });
    await withStore({ changeLog: { maxChanges: 4 }, now: () => now }, async (store) => {
      await store.write([1, 2, 3].map((n) => ({ op: 'upsert', type: 'services', entity: service(n) })));
      await write(store, 2);
      expect(await store.changesSince(0)).toBe('trimmed');
      expect(await store.changesSince(1)).toMatchObject({ revision: 3 });
    });
    await withStore({ changeLog: { maxAgeMs: 1000 }, now: () => now }, async (store) => {
      await write(store, 2);
      now += 1001;
      await write(store, 1);
      expect(await store.changesSince(1)).toBe('trimmed');
      expect(await store.changesSince(2)).toMatchObject({ revision: 3 });
    });
  });

  it('deletes from the database what it trims', async () => {
    const persister = new MemoryPersister();
    await withStore({ persister, changeLog: { maxRevisions: 2 } }, async (store) => {
      for (let index = 1; index <= 6; index += 1) await store.upsert('services', service(index));
      const { entries } = await persister.read(async (tx) => await tx.list('l/'));
      expect(entries).toHaveLength(2);
    });
  });
});

describe('committed', () => {
  it('is told once per commit, per cluster, and not for what changes nothing', async () => {
    await withStore({}, async (store) => {
      const told: unknown[] = [];
      store.events.on('committed', (event) => told.push(event));
      await store.upsert('services', service(1));
      await store.upsert('services', service(1));
      await store.cluster('other').upsert('services', service(1));
      await store.upsert('services', { id: id(2) }).catch(() => {});
      expect(told).toEqual([
        { cluster: 'default', revision: 1 },
        { cluster: 'other', revision: 1 },
      ]);
    });
  });

  it('reaches every listener though one throws, which is logged', async () => {
    const error = jest.fn();
    await withStore({ logger: { ...silentLogger, error } }, async (store) => {
      let told = 0;
      store.events.on('committed', () => {
        throw new Error('broken listener');
      });
      store.events.on('committed', () => (told += 1));
      await store.upsert('services', service(1));
      expect([told, error.mock.calls.length]).toEqual([1, 1]);
    });
  });

  it('is no longer told after an abort or a disposal', async () => {
    await withStore({}, async (store) => {
      const abort = new AbortController();
      let told = 0;
      store.events.on('committed', () => (told += 1), { signal: abort.signal });
      const stop = store.events.on('committed', () => (told += 1));
      await store.upsert('services', service(1));
      abort.abort();
      stop();
      store.events.on('committed', () => (told += 1), { signal: abort.signal });
      await store.upsert('services', service(2));
      expect(told).toBe(2);
    });
  });

  it('lets a listener write', async () => {
    await withStore({}, async (store) => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      store.events.on('committed', ({ revision }) => {
        if (revision === 1) resolve(store.upsert('services', service(2)));
      });
      await store.upsert('services', service(1));
      await promise;
      expect(store.revision).toBe(2);
    });
  });
});
