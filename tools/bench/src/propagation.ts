import { generateCertificatePair } from 'iic';
import { clusterObjects, endpointSlice, ingress } from './cluster-objects.ts';
import { controllerUnderTest } from './controller-under-test.ts';
import type { Figure } from './report.ts';
import { startReceiver } from './start-receiver.ts';
import { wallClockMs } from './wall-clock.ts';

const WARM_UP_RUNS = 5;
/** Between changes, so that each finds the system at rest, as most changes in a cluster do. */
const PAUSE_MS = 30;

/** How long one change takes from the object to the bytes at another process's socket, and what its stages cost. */
export async function measurePropagation(
  routes: number,
  runs: number,
  protocol: 'v1' | 'wrpc',
): Promise<readonly Figure[]> {
  const certificates = await generateCertificatePair();
  const { source, store, server, lifecycle, stages } = controllerUnderTest(certificates);
  source.set(clusterObjects(routes));
  const started = performance.now();
  await lifecycle.start();
  const firstPassMs = performance.now() - started;
  const receiver = startReceiver({ port: server.port, protocol, ...certificates });
  const samples: { what: string; value: number }[] = [];
  try {
    await receiver.next();
    const firstPayloadMs = stages.payloadMs;
    for (let run = -WARM_UP_RUNS; run < runs; run += 1) {
      for (const kind of ['EndpointSlice', 'Ingress'] as const) {
        const n = (run + WARM_UP_RUNS) % routes;
        const arrival = receiver.next();
        const changedAt = wallClockMs();
        source.set([kind === 'Ingress' ? ingress(n, `/run-${run}`) : endpointSlice(n, 20 + run)]);
        const { at } = await arrival;
        if (run >= 0) samples.push(...stageSamples(kind, at - changedAt, stages));
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    const entities = Object.values(store.counts()).reduce((sum, count) => sum + count, 0);
    const rssBytes = process.memoryUsage.rss();
    return [
      { size: routes, what: 'entities', unit: 'count', values: [entities] },
      { size: routes, what: 'first complete pass', unit: 'ms', values: [firstPassMs] },
      { size: routes, what: 'first payload', unit: 'ms', values: [firstPayloadMs] },
      ...figuresOf(samples, routes),
      { size: routes, what: 'payload size', unit: 'bytes', values: [stages.payloadBytes] },
      { size: routes, what: 'resident memory', unit: 'MB', values: [rssBytes / 1024 / 1024] },
    ];
  } finally {
    await receiver.stop();
    await lifecycle.stop();
  }
}

function stageSamples(
  kind: string,
  totalMs: number,
  {
    translateMs,
    writeMs,
    viewMs,
    payloadMs,
  }: { translateMs: number; writeMs: number; viewMs: number; payloadMs: number },
): { what: string; value: number }[] {
  return [
    { what: `${kind}: translate`, value: translateMs },
    { what: `${kind}: store`, value: writeMs },
    { what: `${kind}: view`, value: viewMs },
    { what: `${kind}: up to the payload`, value: translateMs + writeMs + viewMs },
    { what: `${kind}: payload`, value: payloadMs },
    { what: `${kind}: change to socket`, value: totalMs },
  ];
}

function figuresOf(samples: readonly { what: string; value: number }[], size: number): readonly Figure[] {
  const byWhat = Map.groupBy(samples, ({ what }) => what);
  return [...byWhat].map(([what, group]) => ({ size, what, unit: 'ms', values: group.map(({ value }) => value) }));
}
