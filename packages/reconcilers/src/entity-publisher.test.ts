import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryPersister } from '@koko/persister';
import { Store } from '@koko/store';
import type { TranslatedEntity } from '@koko/translator';
import * as fc from 'fast-check';
import { EntityPublisher } from './entity-publisher.ts';
import { StoreWriter } from './store-writer.ts';

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const owner = (name: string): TranslatedEntity['source'] => ({ kind: 'Ingress', namespace: 'shop', name });

function service(n: number, host = 'cart.shop', name = `service-${n}`): TranslatedEntity {
  const id = idOf(n);
  return { type: 'services', id, entity: { id, name, host }, source: owner(`s${n}`) };
}

function route(n: number, to: number, path = '/'): TranslatedEntity {
  const id = idOf(100 + n);
  const entity = { id, name: `route-${n}`, paths: [path], service: { id: idOf(to) } };
  return { type: 'routes', id, entity, source: owner(`r${n}`) };
}

let store: Store;
let publisher: EntityPublisher;

beforeEach(async () => {
  store = new Store({ persister: new MemoryPersister() });
  await store.open();
  publisher = new EntityPublisher(new StoreWriter(store));
});

afterEach(async () => store.close());

async function names(of: Store = store): Promise<readonly string[]> {
  const { entities } = await of.snapshot();
  return entities.map(({ entity }) => String(entity['name'])).sort();
}

describe('EntityPublisher', () => {
  it('writes the rest when one entity is refused, and blames its source', async () => {
    const { problemsAdded } = await publisher.publish(
      [service(1), route(1, 1), service(2, 'not a host'), route(2, 1, 'x')],
      [],
    );
    expect(await names()).toEqual(['route-1', 'service-1']);
    expect(problemsAdded.map(({ objects }) => objects[0].name).sort()).toEqual(['r2', 's2']);
    expect(problemsAdded.find(({ objects }) => objects[0].name === 'r2')?.message).toContain('paths.0');
  });

  it('holds back what refers to a refused entity and lets it in when that is repaired', async () => {
    const first = await publisher.publish([service(1, 'not a host'), route(1, 1), route(2, 1)], []);
    expect(await names()).toEqual([]);
    expect(first.problemsAdded).toHaveLength(3);
    const second = await publisher.publish([service(1)], []);
    expect(await names()).toEqual(['route-1', 'route-2', 'service-1']);
    expect(second.problemsRemoved).toHaveLength(3);
    expect(publisher.problems()).toEqual([]);
  });

  it('removes an accepted entity, and what refers to it, when its new form is refused', async () => {
    await publisher.publish([service(1), route(1, 1), service(2), route(2, 2)], []);
    await publisher.publish([service(1, 'not a host')], []);
    expect(await names()).toEqual(['route-2', 'service-2']);
    await publisher.publish([service(1)], []);
    expect(await names()).toEqual(['route-1', 'route-2', 'service-1', 'service-2']);
  });

  it('lets an entity in when the one it refers to comes late', async () => {
    const { problemsAdded } = await publisher.publish([route(1, 1)], []);
    expect(problemsAdded).toHaveLength(1);
    await publisher.publish([service(1)], []);
    expect(await names()).toEqual(['route-1', 'service-1']);
  });

  it('forgets a held entity that is no longer wished for', async () => {
    await publisher.publish([service(1, 'not a host'), route(1, 1)], []);
    const { problemsRemoved } = await publisher.publish([], [service(1), route(1, 1)]);
    expect(problemsRemoved).toHaveLength(2);
    await publisher.publish([service(1)], []);
    expect(await names()).toEqual(['service-1']);
  });

  it('removes what an earlier life left and nobody wishes for', async () => {
    await publisher.publish([service(1), route(1, 1), service(2)], []);
    const next = new EntityPublisher(new StoreWriter(store));
    await next.publish([service(2)], []);
    expect(await names()).toEqual(['service-2']);
  });

  it('loses nothing when the writer fails, and tries again with the next call', async () => {
    const writer = new StoreWriter(store);
    let failures = 1;
    const failing = new EntityPublisher({
      list: async () => writer.list(),
      write: async (changes) => {
        if (failures > 0) throw new Error(`disk full, ${(failures -= 1)} to go`);
        return writer.write(changes);
      },
    });
    await expect(failing.publish([service(1)], [])).rejects.toThrow('disk full');
    expect(failing.hasPending).toBe(true);
    await failing.publish([route(1, 1)], []);
    expect(await names()).toEqual(['route-1', 'service-1']);
  });

  it('gives a unique value to the first by source object, whoever comes first, and to the next when that goes', async () => {
    await publisher.publish([service(2, 'b', 'shared'), route(2, 2)], []);
    const { problemsAdded } = await publisher.publish([service(1, 'a', 'shared'), service(3, 'c', 'shared')], []);
    expect(await names()).toEqual(['shared']);
    expect(await store.findBy('services', { name: 'shared' })).toMatchObject({ host: 'a' });
    expect(problemsAdded.map(({ code, message }) => `${code} ${message}`).sort()).toEqual([
      'ERR_RECONCILE_WAITING Kong would refuse routes "route-2": waits for services 00000000-0000-4000-8000-000000000002, which was refused; repair that one',
      ...Array(2).fill(
        'ERR_STORE_UNIQUE Kong would refuse services "shared": name: is taken by services "shared" of Ingress shop/s1; choose another value',
      ),
    ]);
    await publisher.publish([], [service(1)]);
    expect(await store.findBy('services', { name: 'shared' })).toMatchObject({ host: 'b' });
    expect(await names()).toEqual(['route-2', 'shared']);
    expect(publisher.problems()).toHaveLength(1);
  });

  it('gives a unique value to the next when its holder is refused', async () => {
    await publisher.publish([service(1, 'a', 'shared'), service(2, 'b', 'shared')], []);
    await publisher.publish([service(1, 'not a host', 'shared')], []);
    expect(await store.findBy('services', { name: 'shared' })).toMatchObject({ host: 'b' });
    await publisher.publish([service(1, 'c', 'shared')], []);
    expect(await store.findBy('services', { name: 'shared' })).toMatchObject({ host: 'c' });
  });

  it('leaves alone what others refer to, and goes on when they let go', async () => {
    await publisher.publish([service(1)], []);
    const foreign = { id: idOf(900), name: 'foreign', paths: ['/'], service: { id: idOf(1) } };
    await store.upsert('routes', foreign);
    await publisher.publish([service(2, 'a', 'service-1')], [service(1)]);
    expect(await names()).toEqual(['foreign', 'service-1']);
    expect(publisher.problems()).toHaveLength(1);
    await store.delete('routes', foreign.id);
    await publisher.publish([], []);
    expect(await store.findBy('services', { name: 'service-1' })).toMatchObject({ host: 'a' });
    expect(publisher.problems()).toEqual([]);
  });

  it('lets a repaired entity in although the writer failed while it was to be removed', async () => {
    const writer = new StoreWriter(store);
    let calls = 0;
    const failing = new EntityPublisher({
      list: async () => writer.list(),
      async write(changes) {
        calls += 1;
        if (calls === 3) throw new Error('disk full');
        return writer.write(changes);
      },
    });
    await failing.publish([service(1), route(1, 1)], []);
    await expect(failing.publish([service(1, 'not a host')], [])).rejects.toThrow('disk full');
    const { problemsAdded, problemsRemoved } = await failing.publish([service(1, 'good')], []);
    expect(await names()).toEqual(['route-1', 'service-1']);
    expect([...problemsAdded, ...problemsRemoved, ...failing.problems()]).toEqual([]);
  });

  it('holds targets whose upstream goes, though the store would take them along silently', async () => {
    const upstream: TranslatedEntity = {
      type: 'upstreams',
      id: idOf(50),
      entity: { id: idOf(50), name: 'up' },
      source: owner('u'),
    };
    const target: TranslatedEntity = {
      type: 'targets',
      id: idOf(51),
      entity: { id: idOf(51), target: '10.0.0.1:80', upstream: { id: idOf(50) } },
      source: owner('t'),
    };
    await publisher.publish([upstream, target], []);
    await publisher.publish([], [upstream]);
    expect(publisher.problems()).toHaveLength(1);
    await publisher.publish([upstream], []);
    expect(store.counts()).toEqual({ upstreams: 1, targets: 1 });
    expect(publisher.problems()).toEqual([]);
  });

  it('takes thousands of refusals in its stride', async () => {
    const count = 3000;
    const wishes = Array.from({ length: count }, (_, n) => [
      service(1000 + n, n % 2 === 0 ? 'good' : 'not a host'),
      route(1000 + n, 1000 + n),
    ]).flat();
    await publisher.publish(wishes.toReversed(), []);
    expect(store.counts()).toEqual({ services: count / 2, routes: count / 2 });
    expect(publisher.problems()).toHaveLength(count);
  });

  it('ends in the same entities and problems whatever the order of wishes, and tells of each problem once', async () => {
    const wish = fc.record({
      kind: fc.constantFrom('service' as const, 'route' as const),
      n: fc.nat(4),
      to: fc.nat(4),
      name: fc.nat(3),
      good: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
      gone: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    });
    type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;
    const entityFor = (one: Wish): TranslatedEntity => {
      const name = one.name === 3 ? `own-${one.kind}-${one.n}` : `name-${one.name}`;
      if (one.kind === 'service') return service(one.n, one.good ? 'a.b' : 'a b', name);
      const made = route(one.n, one.to, one.good ? '/' : 'x');
      return { ...made, entity: { ...made.entity, name } };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(wish, { maxLength: 4 }), { maxLength: 10 }),
        fc.nat(),
        async (rounds, seed) => {
          const [live, fresh] = [
            new Store({ persister: new MemoryPersister() }),
            new Store({ persister: new MemoryPersister() }),
          ];
          await Promise.all([live.open(), fresh.open()]);
          const final = new Map<string, TranslatedEntity>();
          const told = new Map<string, number>();
          let writes = seed;
          const writer = new StoreWriter(live);
          const publishing = new EntityPublisher({
            list: async () => writer.list(),
            async write(changes) {
              writes += 1;
              if (writes % 5 === 0) throw new Error('out of order');
              return writer.write(changes);
            },
          });
          const publish = async (...wishes: Parameters<EntityPublisher['publish']>): Promise<void> => {
            const result = await publishing.publish(...wishes).catch(() => undefined);
            if (result === undefined) return publish([], []);
            for (const { message } of result.problemsRemoved) told.set(message, (told.get(message) ?? 0) - 1);
            for (const { message } of result.problemsAdded) told.set(message, (told.get(message) ?? 0) + 1);
          };
          for (const round of rounds) {
            const wishes = new Map(round.map((one) => [entityFor(one).id, one]));
            const upserts = [...wishes.values()].filter(({ gone }) => !gone).map(entityFor);
            const deletes = [...wishes.values()].filter(({ gone }) => gone).map(entityFor);
            for (const { id } of deletes) final.delete(id);
            for (const entity of upserts) final.set(entity.id, entity);
            await publish(upserts, deletes);
          }
          const atOnce = new EntityPublisher(new StoreWriter(fresh));
          await atOnce.publish([...final.values()], []);
          expect((await live.snapshot()).entities).toEqual((await fresh.snapshot()).entities);
          const messages = (one: EntityPublisher): readonly string[] =>
            one
              .problems()
              .map(({ message }) => message)
              .sort();
          expect(messages(publishing)).toEqual(messages(atOnce));
          const open = [...told].flatMap(([message, times]) => Array<string>(times).fill(message));
          expect(open.sort()).toEqual(messages(publishing));
          await Promise.all([live.close(), fresh.close()]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
