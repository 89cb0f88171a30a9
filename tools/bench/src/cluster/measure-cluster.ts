import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { generateCertificatePair } from 'iic';
import type { CertificatePair } from 'iic';
import type { Figure } from '../report.ts';
import { startReceiver } from '../start-receiver.ts';
import { startCluster } from './cluster-under-test.ts';
import type { ClusterUnderTest, ServerKind } from './cluster-under-test.ts';
import { ClusterWriter } from './cluster-writer.ts';
import { ControllerProcess } from './controller-process.ts';
import type { StartTimes } from './controller-process.ts';
import { GrowingCluster } from './growing-cluster.ts';
import { measureChanges, WARM_UP_RUNS } from './measured-changes.ts';

/** How long a process may be idle before its memory counts as settled. */
const SETTLE_MS = 5000;

export interface ClusterOptions {
  readonly routes: readonly number[];
  readonly runs: number;
  readonly server: ServerKind;
  readonly protocol: 'v1' | 'wrpc';
  readonly iic?: string;
}

/** Starts, changes, requests and memory of the controller at an API server that grows from size to size. */
export async function measureCluster(options: ClusterOptions, signal: AbortSignal): Promise<readonly Figure[]> {
  const cluster = await startCluster(options.server, signal);
  try {
    const writer = await ClusterWriter.open(cluster.kubeconfig, signal);
    const objects = new GrowingCluster(writer);
    const figures: Figure[] = [];
    for (const [round, size] of options.routes.toSorted((a, b) => a - b).entries()) {
      await objects.growTo(size, options.runs + WARM_UP_RUNS);
      figures.push(...(await measureSize({ ...options, cluster, writer, size, round, signal })));
    }
    writer.close();
    return figures;
  } finally {
    await cluster.stop();
  }
}

interface SizeMeasurement extends ClusterOptions {
  readonly cluster: ClusterUnderTest;
  readonly writer: ClusterWriter;
  readonly size: number;
  readonly round: number;
  readonly signal: AbortSignal;
}

async function measureSize(measurement: SizeMeasurement): Promise<readonly Figure[]> {
  const { cluster, size, protocol, signal } = measurement;
  const certificates = await generateCertificatePair();
  const controller = await startController(cluster, certificates, measurement.iic);
  try {
    const started = await startFigures(controller, await controller.ready(signal), size);
    const atReady = await controller.memory();
    const receiver = startReceiver({ port: controller.dataPlanePort, protocol, ...certificates });
    try {
      const { bytes } = await receiver.next();
      const changes = await measureChanges({ ...measurement, controller, receiver });
      await pause(SETTLE_MS, undefined, { signal });
      const settled = await controller.memory();
      return [
        ...started,
        { size, what: 'first payload', unit: 'bytes', values: [bytes] },
        ...changes,
        { size, what: 'resident memory when ready', unit: 'MB', values: [atReady.nowMb] },
        { size, what: 'resident memory, peak', unit: 'MB', values: [settled.peakMb] },
        { size, what: 'resident memory, settled', unit: 'MB', values: [settled.nowMb] },
      ];
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

/** @param url Where the controller shall find the API server; by default where it is. */
export async function startController(
  cluster: ClusterUnderTest,
  { certificate, key }: CertificatePair,
  ...[program, url]: [program?: string | undefined, url?: string]
): Promise<ControllerProcess> {
  const files = { certificateFile: join(cluster.folder, 'cluster.crt'), keyFile: join(cluster.folder, 'cluster.key') };
  await writeFile(files.certificateFile, certificate);
  await writeFile(files.keyFile, key, { mode: 0o600 });
  return new ControllerProcess({ kubeconfig: await cluster.controllerKubeconfig(url), ...files, program });
}

/** What was started, how long it took, and what of that the stages of the first pass are; to be asked when just ready. */
export async function startFigures(
  controller: ControllerProcess,
  { startedAt, listsInAt, readyAt, entities }: StartTimes,
  size: number,
): Promise<readonly Figure[]> {
  const [cpuMs, waitedMs] = await Promise.all([controller.cpuMs(), controller.waitedForCoreMs()]);
  const stageMs = async (stage: string): Promise<number> =>
    1000 * (await controller.metric(`iic_reconcile_seconds_sum{stage="${stage}"}`));
  const milliseconds = (what: string, value: number): Figure => ({
    size,
    what: `start: ${what}`,
    unit: 'ms',
    values: [value],
  });
  return [
    { size, what: 'entities', unit: 'count', values: [entities] },
    milliseconds('process to lists in', listsInAt - startedAt),
    milliseconds('lists in to complete configuration', readyAt - listsInAt),
    milliseconds('of this, translation', await stageMs('translate')),
    milliseconds('of this, store', await stageMs('write')),
    milliseconds('computing on all cores, until complete', cpuMs),
    milliseconds('waiting for a core, until complete', waitedMs),
  ];
}
