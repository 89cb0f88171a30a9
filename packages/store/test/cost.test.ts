import { describe, expect, it } from '@jest/globals';
import { MemoryPersister } from '@koko/persister';
import type { Persister, ReadTransaction, WriteTransaction } from '@koko/persister';
import { Store } from '@koko/store';
import type { EntityChange } from '@koko/store';

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const target = (number: number, port: number): EntityChange => ({
  op: 'upsert',
  type: 'targets',
  entity: { id: id(number), upstream: { id: id(0) }, target: `10.0.0.1:${port}` },
});

/** Counts what a store asks of its persister. */
class CountingPersister extends MemoryPersister implements Persister {
  readonly calls: string[] = [];

  override async read<T>(work: (transaction: ReadTransaction) => Promise<T>): Promise<T> {
    return await super.read(async (transaction) => await work(this.#counting(transaction)));
  }

  override async write<T>(work: (transaction: WriteTransaction) => Promise<T>): Promise<T> {
    return await super.write(async (transaction) => await work(this.#counting(transaction)));
  }

  #counting<T extends ReadTransaction>(transaction: T): T {
    return new Proxy(transaction, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          this.calls.push(String(name));
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  }
}

describe('One change', () => {
  it.each([10, 3000])('costs the same few rows among %d entities', async (count) => {
    const persister = new CountingPersister();
    const store = new Store({ persister, changeLog: { maxRevisions: 2 } });
    await store.open();
    const upstream: EntityChange = { op: 'upsert', type: 'upstreams', entity: { id: id(0), name: 'up' } };
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    await store.write([upstream, ...numbers.map((number) => target(number, number))]);
    await store.write([target(1, 60_001)]);
    persister.calls.length = 0;
    await store.write([target(1, 60_002)]);
    // Is the next revision free? Then the entity, and the change log, which also drops its oldest revision.
    expect(persister.calls).toEqual(['get', 'put', 'mutate', 'onCommitted']);
    persister.calls.length = 0;
    await store.write([target(1, 60_002)]);
    await expect(store.write([target(2, 60_002)])).rejects.toThrow('combination of upstream and target is taken');
    await store.changesSince(store.revision - 1);
    expect(persister.calls).toEqual([]);
    await store.close();
  });
});
