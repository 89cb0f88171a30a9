import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryPersister } from '@koko/persister';
import { Store } from '@koko/store';
import type { TranslatedEntity } from '@koko/translator';
import * as fc from 'fast-check';
import { EntityPublisher } from './entity-publisher.ts';
import { StoreWriter } from './store-writer.ts';

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const owner = (name: string): TranslatedEntity['source'] => ({ kind: 'Ingress', namespace: 'shop', name });

function service(n: number, host = 'cart.shop'): TranslatedEntity {
  const id = idOf(n);
  return { type: 'services', id, entity: { id, name: `service-${n}`, host }, source: owner(`s${n}`) };
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

  it('ends in the same entities and problems whatever the order of wishes', async () => {
    const wish = fc.oneof(
      fc.record({ kind: fc.constant('service' as const), n: fc.nat(3), good: fc.boolean(), gone: fc.boolean() }),
      fc.record({
        kind: fc.constant('route' as const),
        n: fc.nat(5),
        to: fc.nat(3),
        good: fc.boolean(),
        gone: fc.boolean(),
      }),
    );
    type Wish = typeof wish extends fc.Arbitrary<infer T> ? T : never;
    const entityFor = (one: Wish): TranslatedEntity =>
      one.kind === 'service' ? service(one.n, one.good ? 'a.b' : 'a b') : route(one.n, one.to, one.good ? '/' : 'x');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(wish, { maxLength: 4 }), { maxLength: 8 }), async (rounds) => {
        const [live, fresh] = [
          new Store({ persister: new MemoryPersister() }),
          new Store({ persister: new MemoryPersister() }),
        ];
        await Promise.all([live.open(), fresh.open()]);
        const final = new Map<string, TranslatedEntity>();
        const publishing = new EntityPublisher(new StoreWriter(live));
        for (const round of rounds) {
          const wishes = new Map(round.map((one) => [entityFor(one).id, one]));
          const upserts = [...wishes.values()].filter(({ gone }) => !gone).map(entityFor);
          const deletes = [...wishes.values()].filter(({ gone }) => gone).map(entityFor);
          for (const { id } of deletes) final.delete(id);
          for (const entity of upserts) final.set(entity.id, entity);
          await publishing.publish(upserts, deletes);
        }
        const atOnce = new EntityPublisher(new StoreWriter(fresh));
        await atOnce.publish([...final.values()], []);
        expect((await live.snapshot()).entities.map(byText).sort()).toEqual(
          (await fresh.snapshot()).entities.map(byText).sort(),
        );
        const blamed = (one: EntityPublisher): readonly string[] =>
          one
            .problems()
            .map(({ objects }) => objects[0].name)
            .sort();
        expect(blamed(publishing)).toEqual(blamed(atOnce));
        await Promise.all([live.close(), fresh.close()]);
      }),
      { numRuns: 200 },
    );
  });
});

function byText(entity: object): string {
  return JSON.stringify(entity);
}
