import { describe, expect, it } from '@jest/globals';
import { ChangeFeed } from '@koko/event-server';
import type { FeedItem } from '@koko/event-server';
import { SqlitePersister } from '@koko/persister';
import { Store } from '@koko/store';
import type { EntityChange, TypedEntity } from '@koko/store';
import * as fc from 'fast-check';

const id = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`;
const change: fc.Arbitrary<EntityChange> = fc.oneof(
  fc.tuple(fc.nat(7), fc.nat(99)).map(([n, port]): EntityChange => {
    return { op: 'upsert', type: 'services', entity: { id: id(n), host: 'orders.test', port: port + 1 } };
  }),
  fc.nat(7).map((n): EntityChange => ({ op: 'delete', type: 'services', id: id(n) })),
);

// What happens in a run: a commit, or a moment in which the subscribers may read.
type Step = readonly EntityChange[] | 'pause';
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.array(change, { minLength: 1, maxLength: 4 }),
  fc.constant('pause' as const),
);

interface SubscriberPlan {
  readonly joinsAt: number;
  /** How many pauses it sleeps through after each item. */
  readonly slowness: number;
  readonly since: 'nothing' | 'present' | 'future';
}
const plan: fc.Arbitrary<SubscriberPlan> = fc.record({
  joinsAt: fc.nat(10),
  slowness: fc.nat(6),
  since: fc.constantFrom('nothing', 'present', 'future'),
});

/** Rebuilds the content from what the feed tells. */
class Replica {
  readonly revisions: number[] = [];
  #content: Map<string, TypedEntity>;
  #sleep = 0;
  readonly #slowness: number;

  constructor(slowness: number, start: readonly TypedEntity[]) {
    this.#slowness = slowness;
    this.#content = new Map(start.map((item) => [item.entity.id, item]));
  }

  get content(): unknown {
    return [...this.#content.values()].map(({ entity }) => entity).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  wantsToRead(): boolean {
    this.#sleep -= 1;
    return this.#sleep < 0;
  }

  take(item: FeedItem): void {
    this.#sleep = this.#slowness;
    this.revisions.push(item.revision);
    if (item.kind === 'snapshot') this.#content = new Map(item.entities.map((entry) => [entry.entity.id, entry]));
    else {
      for (const applied of item.changes) {
        if (applied.op === 'delete') this.#content.delete(applied.id);
        else this.#content.set(applied.id, applied);
      }
    }
  }
}

interface Subscriber {
  readonly replica: Replica;
  readonly items: AsyncIterableIterator<FeedItem, undefined>;
  /** What it had seen before it subscribed. */
  readonly start: number | undefined;
}

async function join(store: Store, { slowness, since }: SubscriberPlan, signal: AbortSignal): Promise<Subscriber> {
  const { revision, entities } = await store.snapshot();
  const starts = { nothing: undefined, present: revision, future: revision + 100 };
  const items = new ChangeFeed(store).subscribe(starts[since], signal);
  return { replica: new Replica(slowness, since === 'present' ? entities : []), items, start: starts[since] };
}

/** Reads the next item, unless the subscriber is up to date and would wait. */
async function readOn(store: Store, { replica, items, start }: Subscriber): Promise<void> {
  if ((replica.revisions.at(-1) ?? start) === store.revision) return;
  const { value } = await items.next();
  if (value !== undefined) replica.take(value);
}

describe('ChangeFeed', () => {
  it('leads every subscriber to the content of the store, in rising revisions', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 25 }),
      fc.array(plan, { minLength: 1, maxLength: 4 }),
      async (steps, plans) => {
        const abort = new AbortController();
        const store = new Store({ persister: new SqlitePersister(), changeLog: { maxRevisions: 4 }, recentChanges: 5 });
        await store.open();
        const subscribers = new Map<SubscriberPlan, Subscriber>();
        for (const [index, current] of [...steps, 'pause' as const].entries()) {
          for (const candidate of plans) {
            if (candidate.joinsAt === index) subscribers.set(candidate, await join(store, candidate, abort.signal));
          }
          if (current !== 'pause') await store.write(current);
          else {
            for (const subscriber of subscribers.values()) {
              if (subscriber.replica.wantsToRead()) await readOn(store, subscriber);
            }
          }
        }
        await store.upsert('services', { id: id(9), host: 'the.end' }); // so that everyone has something left to read
        const content = (await store.list('services')).items;
        for (const subscriber of subscribers.values()) {
          await readOn(store, subscriber);
          const { replica } = subscriber;
          expect(replica.content).toEqual(content);
          expect(replica.revisions.at(-1)).toBe(store.revision);
          expect(replica.revisions).toEqual([...new Set(replica.revisions)].sort((a, b) => a - b));
        }
        abort.abort();
        await store.close();
      },
    );
    await fc.assert(property, { numRuns: 60, seed: 5 });
  });

  it('keeps up with commits that come while it reads', async () => {
    const abort = new AbortController();
    const store = new Store({ persister: new SqlitePersister(), changeLog: { maxRevisions: 20 }, recentChanges: 3 });
    await store.open();
    const replicas = [0, 1, 2].map(() => new Replica(0, []));
    const last = 200;
    const readers = replicas.map(async (replica) => {
      for await (const item of new ChangeFeed(store).subscribe(undefined, abort.signal)) {
        replica.take(item);
        if (item.revision === last) return;
      }
    });
    for (let port = 1; port <= last; port += 1) {
      await store.upsert('services', { id: id(port % 8), host: 'orders.test', port });
    }
    await Promise.all(readers);
    const content = (await store.list('services')).items;
    for (const replica of replicas) {
      expect(replica.content).toEqual(content);
      expect(replica.revisions).toEqual([...new Set(replica.revisions)].sort((a, b) => a - b));
    }
    abort.abort();
    await store.close();
  });
});
