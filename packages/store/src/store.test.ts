import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityType } from '@koko/model';
import { MemoryPersister } from '@koko/persister';
import type { EntityChange, Offender } from './entity-change.ts';
import { Store } from './store.ts';
import { StoreError } from './store-error.ts';

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const service = (number: number, name = `service-${number}`) => ({ id: id(number), name, host: 'orders.test' });
const route = (number: number, to: number, name = `route-${number}`) => ({
  id: id(number),
  name,
  paths: ['/'],
  service: { id: id(to) },
});
const upsert = (type: EntityType, entity: Record<string, unknown>): EntityChange => ({ op: 'upsert', type, entity });
const remove = (type: EntityType, number: number): EntityChange => ({ op: 'delete', type, id: id(number) });

describe('Store', () => {
  let store: Store;
  beforeEach(async () => {
    store = new Store({ persister: new MemoryPersister() });
    await store.open();
  });
  afterEach(async () => await store.close());

  const offendersOf = async (changes: readonly EntityChange[]): Promise<readonly Offender[]> => {
    const error: unknown = await store.write(changes).catch((reason: unknown) => reason);
    if (!(error instanceof StoreError)) throw new Error('The batch was not refused', { cause: error });
    expect(error.code).toBe('ERR_STORE_BATCH_REFUSED');
    return error.offenders;
  };
  const summary = (offenders: readonly Offender[]) =>
    offenders.map(({ index, problems, blockedBy }) => [index, problems[0].code, blockedBy?.id]);

  describe('reading', () => {
    it('returns entities filled by the model', async () => {
      await store.upsert('services', service(1));
      expect(await store.get('services', id(1))).toMatchObject({ host: 'orders.test', port: 80, retries: 5 });
      expect(await store.find('services', id(2))).toBeUndefined();
      await expect(store.get('services', id(2))).rejects.toMatchObject({ code: 'ERR_STORE_NOT_FOUND' });
    });

    it('finds by a unique field, by a unique combination, and by nothing else', async () => {
      await store.write([
        upsert('services', service(1)),
        upsert('upstreams', { id: id(2), name: 'up' }),
        upsert('targets', { id: id(3), upstream: { id: id(2) }, target: '10.0.0.1:80' }),
      ]);
      expect(await store.findBy('services', { name: 'service-1' })).toMatchObject({ id: id(1) });
      expect(await store.findBy('services', { name: 'none' })).toBeUndefined();
      const target = await store.findBy('targets', { target: '10.0.0.1:80', upstream: { id: id(2) } });
      expect(target).toMatchObject({ id: id(3) });
      const byHost = store.findBy('services', { host: 'orders.test' });
      await expect(byHost).rejects.toMatchObject({ code: 'ERR_STORE_KEY_NOT_UNIQUE' });
    });

    it('lists in order of ids, page by page, also with tags', async () => {
      const tagged = (number: number, ...tags: string[]) => ({ ...service(number), tags });
      const entities = [tagged(3, 'a'), tagged(1, 'a', 'b'), tagged(4, 'b'), tagged(2, 'a', 'b'), service(5)];
      await store.write(entities.map((entity) => upsert('services', entity)));
      const first = await store.list('services', { limit: 3 });
      expect(first.items.map((item) => item.id)).toEqual([id(1), id(2), id(3)]);
      const second = await store.list('services', { limit: 3, ...(first.next && { cursor: first.next }) });
      expect(second.items.map((item) => item.id)).toEqual([id(4), id(5)]);
      expect(second.next).toBeUndefined();
      const both = await store.list('services', { tags: { allOf: ['a', 'b'] }, limit: 1 });
      expect([both.items.map((item) => item.id), both.next]).toEqual([[id(1)], id(1)]);
      const rest = await store.list('services', { tags: { allOf: ['a', 'b'] }, limit: 1, cursor: id(1) });
      expect([rest.items.map((item) => item.id), rest.next]).toEqual([[id(2)], undefined]);
      const any = await store.list('services', { tags: { anyOf: ['a', 'b'] } });
      expect(any.items).toHaveLength(4);
    });

    it('refuses cursors and limits that it never gave', async () => {
      const wrong = store.list('services', { cursor: '../routes' });
      await expect(wrong).rejects.toMatchObject({ code: 'ERR_STORE_CURSOR_INVALID' });
      await expect(store.list('services', { limit: 0 })).rejects.toThrow(RangeError);
    });

    it('counts by type', async () => {
      await store.write([
        upsert('services', service(1)),
        upsert('services', service(2)),
        upsert('routes', route(3, 1)),
      ]);
      expect(store.counts()).toEqual({ services: 2, routes: 1 });
      await store.delete('routes', id(3));
      expect([store.count('services'), store.count('routes'), store.counts()]).toEqual([2, 0, { services: 2 }]);
    });
  });

  describe('writing a batch', () => {
    it('judges the state that the batch leaves, not the order within it', async () => {
      await store.write([upsert('routes', route(2, 1)), upsert('services', service(1))]);
      await store.write([upsert('services', service(3, 'a')), upsert('services', service(4, 'b'))]);
      await store.write([upsert('services', service(3, 'b')), upsert('services', service(4, 'a'))]);
      expect(await store.findBy('services', { name: 'a' })).toMatchObject({ id: id(4) });
      await store.write([remove('services', 1), remove('routes', 2), upsert('services', service(5, 'service-1'))]);
      expect(await store.findBy('services', { name: 'service-1' })).toMatchObject({ id: id(5) });
    });

    it('takes the last of several changes to one entity', async () => {
      const { changes } = await store.write([
        upsert('services', service(1, 'first')),
        remove('services', 1),
        upsert('services', service(1, 'last')),
      ]);
      expect(changes).toMatchObject([{ op: 'upsert', entity: { name: 'last' } }]);
    });

    it('makes no revision of what changes nothing', async () => {
      const first = await store.write([upsert('services', service(1)), upsert('services', service(2))]);
      expect([first.revision, first.changes.length]).toEqual([1, 2]);
      const again = await store.write([upsert('services', service(1)), remove('services', 9)]);
      expect(again).toEqual({ revision: 1, changes: [] });
      const mixed = await store.write([upsert('services', service(1)), upsert('services', service(2, 'new'))]);
      expect([mixed.revision, mixed.changes.map((change) => change.op === 'upsert' && change.id)]).toEqual([
        2,
        [id(2)],
      ]);
      expect([store.revisionOf('services', id(1)), store.revisionOf('services', id(2))]).toEqual([1, 2]);
      expect(await store.write([])).toEqual({ revision: 2, changes: [] });
    });

    it('names every offender and leaves the store as it was', async () => {
      await store.write([upsert('services', service(1)), upsert('routes', route(2, 1))]);
      const offenders = await offendersOf([
        upsert('services', { id: id(5), name: 'no host' }),
        upsert('services', service(6, 'service-1')),
        upsert('services', service(7, 'fine')),
        upsert('services', service(8, 'fine')),
        upsert('routes', route(9, 99)),
        remove('services', 1),
      ]);
      expect(summary(offenders)).toEqual([
        [0, expect.any(String), undefined],
        [1, 'ERR_STORE_UNIQUE', id(1)],
        [3, 'ERR_STORE_UNIQUE', id(7)],
        [4, 'ERR_STORE_REFERENCE_MISSING', id(99)],
        [5, 'ERR_STORE_REFERENCE_IN_USE', id(2)],
      ]);
      expect([store.revision, store.counts()]).toEqual([1, { services: 1, routes: 1 }]);
    });

    it('names as offenders also what is no entity at all', async () => {
      const nonsense: unknown[] = [
        { op: 'upsert', type: 'spaceships', entity: { id: id(1) } },
        { op: 'upsert', type: 'services', entity: null },
        { op: 'upsert', type: 'services', entity: { id: 7, host: 'h' } },
      ];
      const offenders = await offendersOf(nonsense as EntityChange[]); // as a caller without types may
      expect(offenders.map((offender) => [offender.index, offender.id])).toEqual([
        [0, undefined],
        [1, undefined],
        [2, undefined],
      ]);
    });

    it('names those that depend on an offender, so that the rest passes', async () => {
      const batch = [
        upsert('services', { ...service(1), port: 'eighty' }),
        upsert('routes', route(2, 1)),
        upsert('services', service(3)),
        upsert('routes', route(4, 3)),
      ];
      const offenders = await offendersOf(batch);
      expect(offenders.map(({ index }) => index)).toEqual([0, 1]);
      expect(offenders[1]).toMatchObject({ type: 'routes', blockedBy: { type: 'services', id: id(1) } });
      await store.write(batch.slice(2));
      expect(store.counts()).toEqual({ services: 1, routes: 1 });
    });

    it('keeps to the stored entity what a refused change would have released', async () => {
      await store.upsert('services', service(1, 'a'));
      const offenders = await offendersOf([
        upsert('services', { ...service(1, 'b'), port: 'eighty' }),
        upsert('services', service(2, 'a')),
      ]);
      expect(summary(offenders)).toEqual([
        [0, expect.any(String), undefined],
        [1, 'ERR_STORE_UNIQUE', id(1)],
      ]);
    });

    it('follows a chain of unique keys that change hands to its end', async () => {
      const length = 40;
      const numbers = Array.from({ length }, (_, index) => index);
      await store.write(numbers.map((number) => upsert('services', service(number, `name-${number}`))));
      // Each takes the name of the next one; the last one may not go on.
      const shift = numbers.map((number) => upsert('services', service(number, `name-${number + 1}`)));
      const refused = upsert('services', { ...service(length - 1, 'free'), port: -1 });
      const offenders = await offendersOf([...shift.slice(0, -1), refused]);
      expect(offenders).toHaveLength(length);
      await store.write(shift);
    });

    it('gives concurrent writers their turns, each on top of the one before', async () => {
      const told: number[] = [];
      store.events.on('committed', ({ revision }) => told.push(revision));
      const numbers = Array.from({ length: 30 }, (_, index) => index + 1);
      const commits = await Promise.all(numbers.map(async (number) => await store.upsert('services', service(number))));
      expect(commits.map(({ revision }) => revision)).toEqual(numbers);
      expect(told).toEqual(numbers);
      const same = numbers.map(async (n) => await store.upsert('services', service(100 + n, 'one-name')));
      const outcomes = await Promise.allSettled(same);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('waits for its turn no longer than the signal allows', async () => {
      const abort = new AbortController();
      const first = store.upsert('services', service(1));
      const second = store.write([upsert('services', service(2))], { signal: abort.signal });
      abort.abort(new Error('enough'));
      await expect(second).rejects.toThrow('enough');
      await first;
      expect(store.counts()).toEqual({ services: 1 });
    });

    it('stores entities of any size and script as they are', async () => {
      const tags = [
        'grüße',
        '日本語',
        '😀',
        ...Array.from({ length: 2000 }, (_, index) => `tag-${index}-${'x'.repeat(20)}`),
      ];
      await store.write([
        upsert('services', { ...service(1), tags }),
        upsert('services', { ...service(2), tags: ['é'] }),
      ]);
      expect((await store.get('services', id(1))).tags).toEqual(tags);
      expect((await store.get('services', id(2))).tags).toEqual(['é']);
    });

    it('shows no credential in what it says', async () => {
      await store.write([
        upsert('consumers', { id: id(1), username: 'u' }),
        upsert('keyauth_credentials', { id: id(2), consumer: { id: id(1) }, key: 'top-secret' }),
      ]);
      const again = store.upsert('keyauth_credentials', { id: id(3), consumer: { id: id(1) }, key: 'top-secret' });
      const error: unknown = await again.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ offenders: [{ problems: [{ path: ['key'] }], blockedBy: { id: id(2) } }] });
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('top-secret');
    });
  });

  describe('deleting', () => {
    it('refuses while a reference restricts it, and says whose', async () => {
      await store.write([upsert('services', service(1)), upsert('routes', route(2, 1))]);
      const [offender] = await offendersOf([remove('services', 1)]);
      expect(offender).toMatchObject({ type: 'services', id: id(1), blockedBy: { type: 'routes', id: id(2) } });
      await store.delete('routes', id(2));
      await store.delete('services', id(1));
      expect(store.counts()).toEqual({});
    });

    it('takes along what cascades, and reports it', async () => {
      await store.write([
        upsert('upstreams', { id: id(1), name: 'up' }),
        upsert('targets', { id: id(3), upstream: { id: id(1) }, target: 'b:80' }),
        upsert('targets', { id: id(2), upstream: { id: id(1) }, target: 'a:80' }),
      ]);
      const { changes } = await store.delete('upstreams', id(1));
      expect(changes).toEqual([
        { op: 'delete', type: 'upstreams', id: id(1) },
        { op: 'delete', type: 'targets', id: id(2) },
        { op: 'delete', type: 'targets', id: id(3) },
      ]);
      expect(store.counts()).toEqual({});
    });

    it('spares what the same batch refers elsewhere', async () => {
      await store.write([
        upsert('upstreams', { id: id(1), name: 'old' }),
        upsert('upstreams', { id: id(2), name: 'new' }),
        upsert('targets', { id: id(3), upstream: { id: id(1) }, target: 'a:80' }),
      ]);
      const moved = upsert('targets', { id: id(3), upstream: { id: id(2) }, target: 'a:80' });
      await store.write([remove('upstreams', 1), moved]);
      expect(store.counts()).toEqual({ upstreams: 1, targets: 1 });
    });

    it('restricts by references in lists, too', async () => {
      const offenders = await offendersOf([
        upsert('services', { ...service(1), protocol: 'https', ca_certificates: [id(7)] }),
      ]);
      expect(summary(offenders)).toEqual([[0, 'ERR_STORE_REFERENCE_MISSING', id(7)]]);
    });
  });

  describe('conditions', () => {
    it('creates only what does not exist', async () => {
      const created = await store.create('services', service(1));
      expect(created).toMatchObject({ id: id(1), port: 80 });
      await expect(store.create('services', service(1))).rejects.toMatchObject({
        offenders: [{ problems: [{ code: 'ERR_STORE_EXISTS' }] }],
      });
    });

    it('changes only what is as the caller knows it', async () => {
      await store.upsert('services', service(1));
      const known = store.revisionOf('services', id(1)) ?? 0;
      await store.upsert('services', service(1, 'changed-by-another'));
      const stale: EntityChange = { op: 'upsert', type: 'services', entity: service(1, 'mine'), ifRevision: known };
      const [offender] = await offendersOf([stale]);
      expect(offender?.problems[0].code).toBe('ERR_STORE_REVISION_CONFLICT');
      await store.write([{ op: 'delete', type: 'services', id: id(1), ifRevision: store.revision }]);
      expect(store.counts()).toEqual({});
    });
  });

  describe('clusters', () => {
    it('share nothing', async () => {
      const other = store.cluster('other');
      await store.upsert('services', service(1));
      await other.upsert('services', service(2, 'service-1')); // the name is taken in the first cluster only
      await other.upsert('services', service(1, 'same-id'));
      expect([store.counts(), other.counts()]).toEqual([{ services: 1 }, { services: 2 }]);
      expect([store.revision, other.revision]).toEqual([1, 2]);
      expect((await other.snapshot()).entities).toHaveLength(2);
      const stranger = other.upsert('routes', route(9, 3));
      await expect(stranger).rejects.toMatchObject({ code: 'ERR_STORE_BATCH_REFUSED' });
    });

    it('have names that fit into keys', () => {
      for (const name of ['', 'a/b', 'x'.repeat(65)]) {
        expect(() => store.cluster(name)).toThrow(expect.objectContaining({ code: 'ERR_STORE_CLUSTER_INVALID' }));
      }
    });
  });
});

describe('Store life', () => {
  it('serves between run and abort, and releases its persister', async () => {
    const persister = new MemoryPersister();
    const store = new Store({ persister });
    expect(() => store.revision).toThrow(expect.objectContaining({ code: 'ERR_STORE_NOT_OPEN' }));
    const abort = new AbortController();
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const running = store.run(abort.signal, resolve);
    await ready;
    await store.upsert('services', service(1));
    abort.abort();
    await running;
    await persister.open(); // it is free again
    await persister.close();
  });

  it('finds everything again after it was closed', async () => {
    const persister = new MemoryPersister();
    const before = new Store({ persister });
    await before.open();
    await before.write([upsert('services', service(1)), upsert('routes', route(2, 1))]);
    await before.upsert('services', service(3));
    await before.close();
    const store = new Store({ persister });
    await store.open();
    expect([store.revision, store.counts()]).toEqual([2, { services: 2, routes: 1 }]);
    expect(await store.changesSince(1)).toMatchObject({ revision: 2, changes: [{ op: 'upsert', id: id(3) }] });
    expect((await store.upsert('services', service(3))).revision).toBe(2);
    await expect(store.delete('services', id(1))).rejects.toMatchObject({ code: 'ERR_STORE_BATCH_REFUSED' });
    await expect(store.upsert('services', service(4, 'service-1'))).rejects.toThrow('is taken by');
    await store.close();
  });

  it('notices a second writer on its persister before harm is done', async () => {
    const persister = new MemoryPersister();
    const first = new Store({ persister });
    await first.open();
    // A second life on the same persister, as a program would have that opens it twice.
    const shared = { ...bound(persister), open: async () => {}, close: async () => {} };
    const second = new Store({ persister: shared });
    await second.open();
    await second.upsert('services', service(1));
    await expect(first.upsert('services', service(2))).rejects.toMatchObject({ code: 'ERR_STORE_SECOND_WRITER' });
    await second.close();
    await first.close();
  });

  it('names what it cannot read, without its content', async () => {
    const persister = new MemoryPersister();
    await persister.open();
    const value = new TextEncoder().encode('1\n{"key":"top-secret"');
    await persister.write(async (tx) => await tx.put(`e/default/services/${id(1)}`, value));
    await persister.close();
    const store = new Store({ persister });
    const error: unknown = await store.open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ERR_STORE_CONTENT_UNREADABLE' });
    expect(String((error as StoreError).cause)).not.toContain('top-secret'); // as matched above
    await persister.open();
    await persister.close();
  });
});

const bound = (persister: MemoryPersister) => ({
  read: persister.read.bind(persister),
  write: persister.write.bind(persister),
});

describe('Store timestamps', () => {
  it('are left out by default', async () => {
    const store = new Store({ persister: new MemoryPersister() });
    await store.open();
    await store.upsert('services', service(1));
    expect(await store.get('services', id(1))).not.toHaveProperty('created_at');
    await store.close();
  });

  it('are assigned as Kong does, when asked for', async () => {
    let now = 1_700_000_000_500;
    const store = new Store({ persister: new MemoryPersister(), timestamps: 'assign', now: () => now });
    await store.open();
    await store.upsert('services', service(1));
    const first = { created_at: 1_700_000_000, updated_at: 1_700_000_000 };
    expect(await store.get('services', id(1))).toMatchObject(first);
    now += 5000;
    expect((await store.upsert('services', service(1))).changes).toEqual([]);
    expect(await store.get('services', id(1))).toMatchObject(first);
    await store.upsert('services', service(1, 'renamed'));
    expect(await store.get('services', id(1))).toMatchObject({ ...first, updated_at: 1_700_000_005 });
    await store.write([
      upsert('upstreams', { id: id(2), name: 'up' }),
      upsert('targets', { id: id(3), upstream: { id: id(2) }, target: 'a:80' }),
    ]);
    expect(await store.get('targets', id(3))).toMatchObject({ created_at: 1_700_000_005.5 });
    await store.close();
  });
});
