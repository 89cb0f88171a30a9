import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@koko/lifecycle';
import { MemoryPersister } from '@koko/persister';
import { Store } from '@koko/store';
import { Translator } from '@koko/translator';
import type { KubernetesObject, ObjectReference, TranslationDiff } from '@koko/translator';
import { ConfigurationReconciler } from './configuration-reconciler.ts';
import type {
  ConfigurationReconcilerOptions,
  Demanded,
  EntityTranslator,
  ObjectSource,
  Reconciliation,
} from './configuration-reconciler.ts';
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
  readonly demanded = new Set<string>();
  /** Names of Services that the source guesses for every object. */
  readonly guessable = new Set<string>();
  /** Names of objects that are there, and that the source is still getting. */
  readonly awaited = new Set<string>();
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

  guess(): readonly ObjectReference[] {
    const names = [...this.guessable].filter((name) => this.objects.has(name) && !this.demanded.has(name));
    return names.map((name) => ({ kind: 'Service', namespace: 'shop', name }));
  }

  demand(references: readonly ObjectReference[]): Demanded {
    for (const { name } of references) this.demanded.add(name);
    const awaited = references.filter(({ name }) => this.awaited.has(name));
    return { here: references.filter(({ name }) => this.objects.has(name)), awaited };
  }

  release(references: readonly ObjectReference[]): readonly ObjectReference[] {
    for (const { name } of references) this.demanded.delete(name);
    return references.filter(({ name }) => this.objects.has(name));
  }

  async settled(references: readonly ObjectReference[], signal: AbortSignal): Promise<void> {
    while (references.some(({ name }) => this.demanded.has(name) && this.awaited.has(name))) {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
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

function start(
  writer = new StoreWriter(store),
  onReconciled?: () => void,
  options: Partial<ConfigurationReconcilerOptions> = {},
): Started {
  const rounds: Reconciliation[] = [];
  let isReady = false;
  const reconciler = new ConfigurationReconciler({
    source,
    translator,
    writer,
    logger: silentLogger,
    ...options,
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

  describe('with what its translation refers to', () => {
    const at = (kind: string, name: string): ObjectReference => ({ kind, namespace: 'shop', name });
    const metadata = (name: string) => ({ namespace: 'shop', name });
    const service: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('app'),
      spec: { ports: [{ port: 80 }] },
    };
    const web: KubernetesObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: metadata('web'),
      spec: {
        ingressClassName: 'kong',
        defaultBackend: { service: { name: 'app', port: { number: 80 } } },
        tls: [{ hosts: ['a.example.com'], secretName: 'cert' }],
      },
    };
    const codes = (rounds: readonly Reconciliation[], field: 'problemsAdded' | 'problemsRemoved'): readonly string[] =>
      rounds.flatMap((round) => round[field].map(({ code }) => code));

    function startTranslating(longestWaitMs = 60_000): Started & { readonly writes: readonly number[] } {
      const writer = new StoreWriter(store);
      const write = writer.write.bind(writer);
      const writes: number[] = [];
      writer.write = async (changes) => {
        writes.push(changes.length);
        return write(changes);
      };
      return { ...start(writer, undefined, { translator: new Translator(), longestWaitMs }), writes };
    }

    it('takes it in at once where it is there, and writes once', async () => {
      source.objects.set('web', web).set('app', service);
      source.push();
      const { rounds, isReady, writes } = startTranslating();
      await until(isReady);
      source.push(at('Ingress', 'web'));
      await until(() => rounds.length === 2);
      expect([store.count('services'), store.count('routes'), writes.length]).toEqual([1, 1, 1]);
      expect(codes(rounds, 'problemsAdded')).toEqual(['ERR_TRANSLATE_SECRET_MISSING']);
      expect(codes(rounds, 'problemsRemoved')).toEqual([]);
      expect(rounds[1]).toMatchObject({ accepted: [at('Ingress', 'web')], disowned: [], objects: 2 });
      expect([...source.demanded].sort()).toEqual(['app', 'cert']);
      source.objects.delete('web');
      source.push(at('Ingress', 'web'));
      await until(() => rounds.length === 3);
      expect([store.count('services'), source.demanded.size, writes.length]).toEqual([0, 0, 2]);
      expect(rounds[2]).toMatchObject({ disowned: [at('Ingress', 'web')] });
    });

    it('translates but once where the source has guessed right', async () => {
      source.objects.set('web', web).set('app', service);
      source.guessable.add('app');
      source.push(at('Ingress', 'web'));
      const translator = new Translator();
      const { isReady } = start(undefined, undefined, { translator });
      await until(isReady);
      expect([store.count('services'), translator.runs()['kong-service'] ?? 0]).toEqual([1, 0]);
      expect(translator.runs()['default-kong-service']).toBe(1);
    });

    it('writes the first pass only when all of it has come, with what changes meanwhile', async () => {
      source.objects.set('web', web).set('app', service);
      source.awaited.add('cert');
      source.push(at('Ingress', 'web'));
      const { rounds, isReady } = startTranslating(0);
      await until(() => source.demanded.has('cert'));
      source.objects.delete('web');
      source.objects.set('other', { ...web, metadata: metadata('other') });
      source.push(at('Ingress', 'web'), at('Ingress', 'other'));
      await until(() => source.demanded.has('cert'));
      expect({ rounds: rounds.length, ready: isReady() }).toEqual({ rounds: 0, ready: false });
      source.awaited.clear();
      await until(isReady);
      expect(rounds).toHaveLength(1);
      expect(rounds[0]?.accepted).toEqual([at('Ingress', 'other')]);
      expect(store.count('routes')).toBe(1);
    });

    it('waits no longer for what is no longer referred to', async () => {
      source.objects.set('web', web).set('app', service);
      source.awaited.add('cert');
      source.push(at('Ingress', 'web'));
      const { isReady } = startTranslating();
      await until(() => source.demanded.has('cert'));
      source.objects.delete('web');
      source.push(at('Ingress', 'web'));
      await until(isReady);
      expect(store.count('routes')).toBe(0);
    });

    it('says of nothing that it is missing while it is on its way', async () => {
      const { rounds, isReady } = startTranslating();
      source.push();
      await until(isReady);
      source.objects.set('web', web).set('app', service);
      source.awaited.add('cert');
      source.push(at('Ingress', 'web'));
      await until(() => source.demanded.has('cert'));
      source.objects.set('cert', { apiVersion: 'v1', kind: 'Secret', metadata: metadata('cert') });
      source.awaited.clear();
      await until(() => rounds.length === 2);
      expect(codes(rounds, 'problemsAdded')).toEqual(['ERR_TRANSLATE_KEY_PAIR_INVALID']);
    });

    it('goes on without what takes too long, and takes it in when it comes', async () => {
      const { rounds, isReady } = startTranslating(1);
      source.push();
      await until(isReady);
      source.objects.set('web', web).set('app', service);
      source.awaited.add('cert');
      source.push(at('Ingress', 'web'));
      await until(() => rounds.length === 2);
      expect(codes(rounds, 'problemsAdded')).toEqual(['ERR_TRANSLATE_SECRET_MISSING']);
      source.objects.set('cert', { apiVersion: 'v1', kind: 'Secret', metadata: metadata('cert') });
      source.awaited.clear();
      source.push(at('Secret', 'cert'));
      await until(() => rounds.length === 3);
      expect(codes(rounds, 'problemsRemoved')).toEqual(['ERR_TRANSLATE_SECRET_MISSING']);
    });

    it('ends at once when aborted while it waits', async () => {
      source.objects.set('web', web);
      source.awaited.add('cert');
      source.push(at('Ingress', 'web'));
      const { isReady } = startTranslating();
      await until(() => source.demanded.has('cert'));
      stop.abort();
      await running;
      expect(isReady()).toBe(false);
    });
  });
});
