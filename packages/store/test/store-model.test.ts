import { describe, expect, it } from '@jest/globals';
import type { EntityType } from '@koko/model';
import { MemoryPersister } from '@koko/persister';
import { Store, StoreError } from '@koko/store';
import type { AppliedChange, EntityChange, TypedEntity } from '@koko/store';
import * as fc from 'fast-check';

// The rules of a few types, written down once more and as plainly as possible.
type Rules = {
  unique: (readonly string[])[];
  references: Record<string, { to: EntityType; onDelete: 'cascade' | 'restrict' }>;
};
const rules: Partial<Record<EntityType, Rules>> = {
  services: { unique: [['name']], references: {} },
  routes: { unique: [['name']], references: { service: { to: 'services', onDelete: 'restrict' } } },
  upstreams: { unique: [['name']], references: {} },
  targets: { unique: [['upstream', 'target']], references: { upstream: { to: 'upstreams', onDelete: 'cascade' } } },
  consumers: { unique: [['username']], references: {} },
  oauth2_credentials: {
    unique: [['client_id']],
    references: { consumer: { to: 'consumers', onDelete: 'cascade' } },
  },
  oauth2_tokens: {
    unique: [['access_token']],
    references: { credential: { to: 'oauth2_credentials', onDelete: 'cascade' } },
  },
  keyauth_credentials: { unique: [['key']], references: { consumer: { to: 'consumers', onDelete: 'cascade' } } },
};
const rulesOf = (type: EntityType): Rules => rules[type] ?? { unique: [], references: {} };

type Members = Record<string, unknown> & { id: string };
type State = ReadonlyMap<string, { type: EntityType; entity: Members }>;

const id = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`;
const refer = (number: number) => ({ id: id(number) });
const few = fc.nat(3);

const credential = { name: 'app', redirect_uris: ['https://app.test/'] };

const upserts: readonly fc.Arbitrary<EntityChange>[] = [
  fc.tuple(few, few, fc.integer({ min: 0, max: 9 })).map(([n, name, port]) => {
    // Port 0 is fine, -1 is not: some of the changes are refused by the model.
    return upsert('services', { id: id(n), name: `s${name}`, host: 'h.test', port: port === 9 ? -1 : port + 1 });
  }),
  fc
    .tuple(few, few, few)
    .map(([n, name, service]) =>
      upsert('routes', { id: id(n), name: `r${name}`, paths: ['/'], service: refer(service) }),
    ),
  fc.tuple(few, few).map(([n, name]) => upsert('upstreams', { id: id(n), name: `u${name}` })),
  fc
    .tuple(few, few, few)
    .map(([n, upstream, port]) =>
      upsert('targets', { id: id(n), upstream: refer(upstream), target: `10.0.0.1:${port + 1}` }),
    ),
  fc.tuple(few, few).map(([n, name]) => upsert('consumers', { id: id(n), username: `c${name}` })),
  fc
    .tuple(few, few, few)
    .map(([n, consumer, client]) =>
      upsert('oauth2_credentials', { ...credential, id: id(n), consumer: refer(consumer), client_id: `i${client}` }),
    ),
  fc
    .tuple(few, few, few)
    .map(([n, to, token]) =>
      upsert('oauth2_tokens', { id: id(n), credential: refer(to), expires_in: 1, access_token: `t${token}` }),
    ),
  fc
    .tuple(few, few, few)
    .map(([n, consumer, key]) =>
      upsert('keyauth_credentials', { id: id(n), consumer: refer(consumer), key: `k${key}` }),
    ),
];
const types = Object.keys(rules) as EntityType[]; // a literal of this file
const remove: fc.Arbitrary<EntityChange> = fc
  .tuple(fc.constantFrom(...types), few)
  .map(([type, n]) => ({ op: 'delete', type, id: id(n) }));
// Rare by chance alone: entities that leave a target which the same batch deletes.
const move = fc
  .tuple(few, few, few)
  .map(([n, from, to]): EntityChange[] => [
    { op: 'delete', type: 'upstreams', id: id(from) },
    upsert('upstreams', { id: id(to), name: `u${to}` }),
    upsert('targets', { id: id(n), upstream: refer(to), target: '10.0.0.1:1' }),
  ]);
// A chain of three, so that deletes have something to cascade through.
const family = few.map((n): EntityChange[] => [
  upsert('consumers', { id: id(n), username: `c${n}` }),
  upsert('oauth2_credentials', { ...credential, id: id(n), consumer: refer(n), client_id: `i${n}` }),
  upsert('oauth2_tokens', { id: id(n), credential: refer(n), expires_in: 1, access_token: `t${n}` }),
]);
const one = fc.oneof(...upserts, remove, remove).map((change) => [change]);
const batch = fc
  .array(fc.oneof({ weight: 9, arbitrary: one }, { weight: 1, arbitrary: fc.oneof(move, family) }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.flat());

function upsert(type: EntityType, entity: Members): EntityChange {
  return { op: 'upsert', type, entity };
}

const keyOf = (change: { type: EntityType; id: string }): string => `${change.type}/${change.id}`;
const idOfChange = (change: EntityChange): string => (change.op === 'delete' ? change.id : String(change.entity['id']));

/** The state after a batch, or `undefined` when it has to be refused: the rules, step by step and without any index. */
function expectedAfter(before: State, changes: readonly EntityChange[]): State | undefined {
  const after = new Map(before);
  const touched = new Set<string>();
  for (const change of changes) {
    const key = keyOf({ type: change.type, id: idOfChange(change) });
    touched.add(key);
    if (change.op === 'delete') after.delete(key);
    else if (change.entity['port'] === -1) return undefined;
    else after.set(key, { type: change.type, entity: change.entity as Members }); // made above, with an id
  }
  for (let isStable = false; !isStable;) {
    isStable = true;
    for (const [key, { type, entity }] of after) {
      for (const [field, { to, onDelete }] of Object.entries(rulesOf(type).references)) {
        if (after.has(`${to}/${(entity[field] as Members).id}`)) continue; // all references above are set
        if (touched.has(key) || onDelete === 'restrict') return undefined;
        after.delete(key);
        isStable = false;
      }
    }
  }
  const taken = new Set<string>();
  for (const { type, entity } of after.values()) {
    for (const fields of rulesOf(type).unique) {
      const value = JSON.stringify([type, fields, fields.map((field) => entity[field])]);
      if (taken.has(value)) return undefined;
      taken.add(value);
    }
  }
  return after;
}

const contentOf = (entities: Iterable<TypedEntity>): Record<string, unknown> => {
  const content = [...entities].map((item) => [keyOf({ type: item.type, id: item.entity.id }), item.entity] as const);
  return Object.fromEntries(content.sort(([a], [b]) => (a < b ? -1 : 1)));
};
const contentIn = (state: State): Record<string, unknown> =>
  Object.fromEntries([...state].map(([key, { entity }]) => [key, expect.objectContaining(entity)]));

function replay(entities: readonly TypedEntity[], changes: readonly AppliedChange[]): TypedEntity[] {
  const items = new Map(entities.map((item) => [keyOf({ type: item.type, id: item.entity.id }), item]));
  for (const change of changes) {
    if (change.op === 'delete') items.delete(keyOf(change));
    else items.set(keyOf(change), change);
  }
  return [...items.values()];
}

const countsIn = (state: State): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { type } of state.values()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

async function opened(persister: MemoryPersister, recentChanges: number): Promise<Store> {
  const store = new Store({ persister, recentChanges, changeLog: { maxRevisions: 6 } });
  await store.open();
  return store;
}

async function writeBoth(store: Store, before: State, changes: readonly EntityChange[]): Promise<State> {
  const expected = expectedAfter(before, changes);
  const revision = store.revision;
  try {
    const commit = await store.write(changes);
    if (expected === undefined) throw new Error('The batch should have been refused');
    expect(commit.revision).toBe(revision + (commit.changes.length > 0 ? 1 : 0));
    return expected;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    expect(expected).toBeUndefined();
    expect(store.revision).toBe(revision);
    const offending = new Set(error.offenders.map(({ index }) => index));
    expect(offending.size).toBeGreaterThan(0);
    // The promise of the refusal: what is not named passes.
    const rest = changes.filter((_, index) => !offending.has(index));
    const state = expectedAfter(before, rest);
    expect(state).toBeDefined();
    await store.write(rest);
    return state ?? before;
  }
}

describe('Store', () => {
  it.each([
    ['with recent commits in memory', 1000],
    ['from the change log', 0],
  ])('equals a plain model after any sequence of batches, %s', async (_, recentChanges) => {
    const property = fc.asyncProperty(fc.array(batch, { maxLength: 14 }), fc.nat(13), async (batches, reopenAt) => {
      const persister = new MemoryPersister();
      let store = await opened(persister, recentChanges);
      let state: State = new Map();
      const snapshots = [await store.snapshot()];
      for (const [index, changes] of batches.entries()) {
        state = await writeBoth(store, state, changes);
        if (index === reopenAt) {
          await store.close();
          store = await opened(persister, recentChanges);
        }
        const snapshot = await store.snapshot();
        expect(contentOf(snapshot.entities)).toEqual(contentIn(state));
        expect([snapshot.revision, store.counts()]).toEqual([store.revision, countsIn(state)]);
        snapshots.push(snapshot);
      }
      const now = contentOf((await store.snapshot()).entities);
      for (const { revision, entities } of snapshots) {
        const since = await store.changesSince(revision);
        expect(since === 'trimmed').toBe(revision < store.revision - 6);
        if (since !== 'trimmed') expect(contentOf(replay(entities, since.changes))).toEqual(now);
      }
      await store.close();
    });
    await fc.assert(property, { numRuns: 150, seed: 11 });
  });
});
