import { setTimeout as pause } from 'node:timers/promises';
import { generateCertificatePair } from 'iic';
import type { CertificatePair } from 'iic';
import type { Figure } from '../report.ts';
import { startReceiver } from '../start-receiver.ts';
import { writtenIngress } from './api-objects.ts';
import { startCluster } from './cluster-under-test.ts';
import type { ClusterUnderTest, ServerKind } from './cluster-under-test.ts';
import { ClusterWriter } from './cluster-writer.ts';
import type { ControllerProcess } from './controller-process.ts';
import { startCountingProxy } from './counting-proxy.ts';
import type { CountingProxy } from './counting-proxy.ts';
import { GrowingCluster } from './growing-cluster.ts';
import { contentForms, ingressWithSecret, markedSecrets } from './marked-secrets.ts';
import { startController, startFigures } from './measure-cluster.ts';
import { searchMemory } from './memory-search.ts';
import { memoryOfChildren } from './process-memory.ts';

const SETTLE_MS = 10_000;
const CONTROL_WITHIN_MS = 30_000;
const SLICES_PER_SERVICE = 2;

export interface MemoryOptions {
  readonly routes: number;
  readonly secrets: number;
  readonly secretBytes: number;
  readonly server: ServerKind;
  readonly iic?: string;
}

interface Surroundings extends MemoryOptions {
  readonly cluster: ClusterUnderTest;
  readonly writer: ClusterWriter;
  readonly proxy: CountingProxy;
  readonly certificates: CertificatePair;
  readonly signal: AbortSignal;
}

/** What Secrets that nothing refers to cost the controller: while they come, and at a start when they are there. */
export async function measureMemory(options: MemoryOptions, signal: AbortSignal): Promise<readonly Figure[]> {
  const { routes, server } = options;
  const cluster = await startCluster(server, signal);
  const proxy = await startCountingProxy(cluster.url);
  try {
    const writer = await ClusterWriter.open(cluster.kubeconfig, signal);
    await new GrowingCluster(writer, SLICES_PER_SERVICE).growTo(routes);
    const surroundings = { ...options, cluster, writer, proxy, certificates: await generateCertificatePair(), signal };
    const figures = [
      ...(await withController('without Secrets', surroundings, (controller) =>
        whileTheyCome(controller, surroundings),
      )),
      ...(await withController('with Secrets', surroundings, async () => [])),
      ...[...(await memoryOfChildren(['kube-apiserver', 'etcd']))].map(([name, mb]) =>
        figure(routes, `resident memory of ${name}`, 'MB', mb),
      ),
    ];
    writer.close();
    return figures;
  } finally {
    await proxy.stop();
    await cluster.stop();
  }
}

/** Starts a controller, measures it at rest, then goes on with it. */
async function withController(
  state: string,
  surroundings: Surroundings,
  body: (controller: ControllerProcess) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  const { routes, cluster, proxy, certificates, iic, signal } = surroundings;
  const receivedBefore = proxy.received();
  const controller = await startController(cluster, certificates, iic, proxy.url);
  try {
    const started = await startFigures(controller, await controller.ready(signal), routes);
    const receiver = startReceiver({ port: controller.dataPlanePort, protocol: 'wrpc', ...certificates });
    try {
      await receiver.next();
      const figures = [
        ...started.map((each) => ({ ...each, what: `${state}: ${each.what}` })),
        figure(
          routes,
          `${state}: received from the API server by then`,
          'MB',
          megabytes(proxy.received() - receivedBefore),
        ),
        ...(await atRest(state, controller, surroundings)),
      ];
      return [...figures, ...(await body(controller))];
    } finally {
      await receiver.stop();
    }
  } catch (error) {
    if (!signal.aborted) process.stderr.write(controller.lastLines);
    throw error;
  } finally {
    await controller.stop();
  }
}

async function whileTheyCome(controller: ControllerProcess, surroundings: Surroundings): Promise<readonly Figure[]> {
  const { routes, secrets, secretBytes, writer, proxy } = surroundings;
  const receivedBefore = proxy.received();
  await writer.writeAll('create', `Secrets of ${secretBytes} bytes`, markedSecrets(secrets, secretBytes), secrets);
  const rest = await atRest('while Secrets came', controller, surroundings);
  const received = megabytes(proxy.received() - receivedBefore);
  return [
    figure(routes, 'while Secrets came: received from the API server', 'MB', received),
    ...rest,
    await positiveControl(controller, surroundings),
  ];
}

/** Memory after a while without work, and how often the content of a Secret stands in it. */
async function atRest(
  state: string,
  controller: ControllerProcess,
  { routes, signal }: Surroundings,
): Promise<readonly Figure[]> {
  await pause(SETTLE_MS, undefined, { signal });
  const { nowMb, peakMb } = await controller.memory();
  const { found, searchedMb } = await searchMemory(controller.pid, contentForms);
  return [
    figure(routes, `${state}: resident memory, peak`, 'MB', peakMb),
    figure(routes, `${state}: resident memory, settled`, 'MB', nowMb),
    figure(routes, `${state}: memory searched`, 'MB', searchedMb),
    figure(routes, `${state}: content of Secrets found there`, 'count', found),
  ];
}

/** The same search once an Ingress refers to one Secret: it finds what is there to be found. */
async function positiveControl(
  controller: ControllerProcess,
  { routes, writer, signal }: Surroundings,
): Promise<Figure> {
  await writer.write('update', ingressWithSecret(0));
  const deadline = performance.now() + CONTROL_WITHIN_MS;
  let found = 0;
  while (found === 0 && performance.now() < deadline) {
    await pause(500, undefined, { signal });
    ({ found } = await searchMemory(controller.pid, contentForms));
  }
  await writer.write('update', writtenIngress(0, '/'));
  return figure(routes, 'for comparison, one Secret referred to: content found', 'count', found);
}

function figure(size: number, what: string, ...[unit, value]: [Figure['unit'], number]): Figure {
  return { size, what, unit, values: [value] };
}

function megabytes(bytes: number): number {
  return bytes / 1024 / 1024;
}
