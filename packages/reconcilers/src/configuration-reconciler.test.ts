import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@koko/lifecycle';
import { MemoryPersister } from '@koko/persister';
import { Store } from '@koko/store';
import type { KubernetesObject, ObjectReference, TranslationDiff } from '@koko/translator';
import { ConfigurationReconciler } from './configuration-reconciler.ts';
import type { EntityTranslator, ObjectSource, Reconciliation } from './configuration-reconciler.ts';
import { StoreWriter } from './store-writer.ts';

const id = '00000000-0000-4000-8000-000000000001';
const reference = { kind: 'Service', namespace: 'shop', name: 'a' };
const object: KubernetesObject = { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name: 'a' } };
const quiet: TranslationDiff = {
  upserts: [],
  deletes: [],
  problemsAdded: [],
  problemsRemoved: [],
  demanded: [],
  released: [],
  accepted: [],
  disowned: [],
};

class HandSource implements ObjectSource {
  readonly objects = new Map<string, KubernetesObject>();
  readonly #batches: (readonly ObjectReference[])[] = [];
  #wake = (): void => {};

  push(...references: readonly ObjectReference[]): void {
    this.#batches.push(references);
    this.#wake();
  }

  async synced(): Promise<void> {}

  async *changes(signal: AbortSignal): AsyncGenerator<readonly ObjectReference[]> {
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      const batch = this.#batches.shift();
      if (batch !== undefined) yield batch;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  find({ name }: ObjectReference): KubernetesObject | undefined {
    return this.objects.get(name);
  }
}

/** Makes a service of each object. */
const translator: EntityTranslator = {
  apply(changes) {
    const [change] = [...changes];
    if (change === undefined) return quiet;
    if (change.object === undefined) return { ...quiet, deletes: [{ type: 'services', id }] };
    const entity = { id, name: 'a', host: 'a.shop' };
    return { ...quiet, upserts: [{ type: 'services', id, entity, source: change.reference }] };
  },
};

let store: Store;
let source: HandSource;
let stop: AbortController;
let running: Promise<void> | undefined;

beforeEach(async () => {
  store = new Store({ persister: new MemoryPersister() });
  source = new HandSource();
  stop = new AbortController();
  await store.open();
});

afterEach(async () => {
  stop.abort();
  await running;
  await store.close();
});

interface Started {
  readonly rounds: Reconciliation[];
  readonly isReady: () => boolean;
}

function start(writer = new StoreWriter(store), onReconciled?: () => void): Started {
  const rounds: Reconciliation[] = [];
  let isReady = false;
  const reconciler = new ConfigurationReconciler({
    source,
    translator,
    writer,
    logger: silentLogger,
    onReconciled(reconciliation) {
      rounds.push(reconciliation);
      onReconciled?.();
    },
  });
  running = reconciler.run(stop.signal, () => (isReady = true));
  return { rounds, isReady: () => isReady };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('ConfigurationReconciler', () => {
  it('writes nothing and is not ready before the source has named what there is', async () => {
    await store.upsert('services', { id, name: 'earlier', host: 'a.shop' });
    const { rounds, isReady } = start();
    await new Promise((resolve) => setImmediate(resolve));
    expect({ rounds, ready: isReady(), count: store.count('services') }).toEqual({
      rounds: [],
      ready: false,
      count: 1,
    });
    source.push();
    await until(isReady);
    expect(store.count('services')).toBe(0);
  });

  it('goes on after a listener that throws', async () => {
    const { rounds } = start(undefined, () => {
      throw new Error('listener');
    });
    source.push();
    source.objects.set('a', object);
    source.push(reference);
    await until(() => rounds.length === 2);
    expect(store.count('services')).toBe(1);
  });

  it('is ready only once the first pass is written, and takes in changes while the writer fails', async () => {
    const writer = new StoreWriter(store);
    const write = writer.write.bind(writer);
    const attempts: number[] = [];
    writer.write = async (changes) => {
      attempts.push(changes.length);
      if (changes.some(({ op }) => op === 'upsert')) throw new Error('database full');
      return write(changes);
    };
    source.objects.set('a', object);
    source.push(reference);
    const { rounds, isReady } = start(writer);
    await until(() => attempts.length === 2); // it tries again by itself
    expect({ rounds: rounds.length, ready: isReady() }).toEqual({ rounds: 0, ready: false });
    source.objects.delete('a');
    source.push(reference);
    await until(isReady);
    expect(rounds).toHaveLength(1);
  });

  it('ends at once when aborted while it waits to try again', async () => {
    const writer = new StoreWriter(store);
    let attempts = 0;
    writer.write = async () => {
      attempts += 1;
      throw new Error('disk full');
    };
    source.objects.set('a', object);
    source.push(reference);
    start(writer);
    await until(() => attempts > 0);
    stop.abort();
    await running;
  });
});
