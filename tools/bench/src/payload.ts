import { gzipSync } from 'node:zlib';
import { DataPlaneServer } from '@koko/data-plane-server';
import type { ConfigurationFeed, FeedChange, FeedEntity, FeedItem } from '@koko/data-plane-server';
import { validateEntity } from '@koko/model';
import { referenceOf, Translator } from '@koko/translator';
import type { TranslatedEntity } from '@koko/translator';
import { generateCertificatePair } from 'iic';
import { clusterObjects } from './cluster-objects.ts';
import type { Figure } from './report.ts';
import { startReceiver } from './start-receiver.ts';

/** What encoding costs: the first payload, one changed entity, and for comparison everything anew. */
export async function measurePayload(routes: number, runs: number): Promise<readonly Figure[]> {
  const entities = filledEntities(routes);
  const feed = new ScriptedFeed(entities);
  const certificates = await generateCertificatePair();
  const server = new DataPlaneServer({
    host: '127.0.0.1',
    port: 0,
    tls: { mode: 'shared', cert: certificates.certificate, key: certificates.key },
    feed,
    clusterId: '3f4a1c52-8d0e-5b5c-9a67-2f0c6e1b7d11',
  });
  const built: { ms: number; bytes: number }[] = [];
  server.events.on('payloadBuilt', ({ durationMs, sizeBytes }) => built.push({ ms: durationMs, bytes: sizeBytes }));
  const stop = new AbortController();
  const isReady = Promise.withResolvers<void>();
  const running = server.run(stop.signal, isReady.resolve);
  await Promise.race([isReady.promise, running]);
  const receiver = startReceiver({ port: server.port, protocol: 'v1', ...certificates });
  try {
    await receiver.next();
    const first = built.splice(0);
    const targets = entities.filter(({ type }) => type === 'targets');
    for (let run = 0; run < runs; run += 1) {
      const target = targets[(run * 7919) % targets.length]; // spread over the parts
      if (target === undefined) break;
      const arrival = receiver.next();
      feed.push([{ op: 'upsert', type: 'targets', entity: { ...target.entity, weight: 1 + (run % 99) } }]);
      await arrival;
    }
    return [
      { size: routes, what: 'first payload', unit: 'ms', values: first.map(({ ms }) => ms) },
      { size: routes, what: 'one target changed', unit: 'ms', values: built.map(({ ms }) => ms) },
      {
        size: routes,
        what: 'JSON and gzip of everything, plainly',
        unit: 'ms',
        values: plainly(entities, Math.min(runs, 3)),
      },
      { size: routes, what: 'payload size', unit: 'bytes', values: built.map(({ bytes }) => bytes) },
    ];
  } finally {
    await receiver.stop();
    stop.abort();
    await running;
  }
}

function plainly(entities: readonly FeedEntity[], runs: number): readonly number[] {
  return Array.from({ length: runs }, () => {
    const started = performance.now();
    gzipSync(JSON.stringify(entities.map(({ entity }) => entity)));
    return performance.now() - started;
  });
}

function filledEntities(routes: number): readonly FeedEntity[] {
  const translator = new Translator({});
  translator.apply(clusterObjects(routes).map((object) => ({ reference: referenceOf(object), object })));
  return [...translator.entities()].map(filled);
}

function filled({ type, entity }: TranslatedEntity): FeedEntity {
  const result = validateEntity(type, entity);
  if (!result.ok) throw new Error(`The benchmark makes a ${type} that is refused: ${result.problems[0].message}`);
  return { type, entity: result.value as FeedEntity['entity'] }; // a valid entity has an id
}

class ScriptedFeed implements ConfigurationFeed {
  readonly #entities: readonly FeedEntity[];
  readonly #items: FeedItem[] = [];
  #revision = 1;
  #wake = (): void => {};

  constructor(entities: readonly FeedEntity[]) {
    this.#entities = entities;
  }

  push(changes: readonly FeedChange[]): void {
    this.#revision += 1;
    this.#items.push({ kind: 'changes', revision: this.#revision, changes });
    this.#wake();
  }

  async *subscribe(_since: number | undefined, signal: AbortSignal): AsyncGenerator<FeedItem> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    yield { kind: 'snapshot', revision: 1, entities: this.#entities };
    while (!signal.aborted) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
