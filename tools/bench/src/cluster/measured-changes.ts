import { setTimeout as pause } from 'node:timers/promises';
import type { Figure } from '../report.ts';
import type { Receiver } from '../start-receiver.ts';
import { writtenIngress, writtenSlice } from './api-objects.ts';
import type { ClusterUnderTest, ControllerRequest } from './cluster-under-test.ts';
import type { ClusterWriter, WriteTimes } from './cluster-writer.ts';
import type { ControllerProcess } from './controller-process.ts';

/** Changes before those that are measured, so that code is warm, as in a controller that has run for a while. */
export const WARM_UP_RUNS = 5;
/** Between changes, so that each finds the system at rest, as most changes in a cluster do. */
const PAUSE_MS = 40;
/** Requests of the controller that come this late are not from the change before. */
const QUIET_MS = 1500;
const QUIET_WITHIN_MS = 60_000;

/** One sort of change; it must change the configuration each time. */
interface Change {
  readonly what: string;
  readonly write: (run: number) => Promise<WriteTimes>;
}

export interface ChangeMeasurement {
  readonly cluster: ClusterUnderTest;
  readonly writer: ClusterWriter;
  readonly controller: ControllerProcess;
  readonly receiver: Receiver;
  readonly size: number;
  /** Of the sizes measured, from 0: so that no size writes what one before has left. */
  readonly round: number;
  readonly runs: number;
  readonly signal: AbortSignal;
}

/** How long changes take from the API server to the data plane, and what the controller asks meanwhile. */
export async function measureChanges(measurement: ChangeMeasurement): Promise<readonly Figure[]> {
  const { cluster, size } = measurement;
  const figures: Figure[] = [];
  const started = performance.now();
  const before = cluster.controllerRequests().length;
  for (const change of changesOf(measurement)) figures.push(...(await measureChange(change, measurement)));
  const minutes = (performance.now() - started) / 60_000;
  const requests = cluster.controllerRequests().slice(before);
  return [...figures, ...perMinuteFigures(requests, size, minutes)];
}

function changesOf({ writer, size, round }: ChangeMeasurement): readonly Change[] {
  const seed = 30 + 41 * round; // differs from those before, also as the last part of an address
  return [
    { what: 'EndpointSlice edited', write: (run) => writer.write('update', writtenSlice(run % size, seed + run)) },
    {
      what: 'Ingress path edited',
      write: (run) => writer.write('update', writtenIngress(run % size, `/of-${size}/${run}`)),
    },
    { what: 'Ingress created', write: (run) => writer.write('create', writtenIngress(size + run, '/')) },
    { what: 'Ingress deleted', write: (run) => writer.write('delete', writtenIngress(size + run, '/')) },
  ];
}

async function measureChange(change: Change, measurement: ChangeMeasurement): Promise<readonly Figure[]> {
  const { cluster, size, runs, signal } = measurement;
  const { what } = change;
  const before = await untilQuiet(cluster, signal);
  const samples: Sample[] = [];
  for (let run = 0; run < WARM_UP_RUNS + runs; run += 1) {
    samples.push(await measureOnce(change, run, measurement));
    await pause(PAUSE_MS, undefined, { signal });
  }
  const requests = (await untilQuiet(cluster, signal)).slice(before.length);
  const measured = samples.slice(WARM_UP_RUNS);
  const row = (title: string, value: (sample: Sample) => number): Figure => ({
    size,
    what: `${what}: ${title}`,
    unit: 'ms',
    values: measured.map(value),
  });
  return [
    row('from request to data plane', ({ fromSentMs }) => fromSentMs),
    row('from answer to data plane', ({ fromAnswerMs }) => fromAnswerMs),
    row('of this, IIC waiting for a core', ({ waitedMs }) => waitedMs),
    ...requestFigures(what, requests, { size, changes: samples.length }),
  ];
}

interface Sample {
  readonly fromSentMs: number;
  readonly fromAnswerMs: number;
  readonly waitedMs: number;
}

async function measureOnce(
  { write }: Change,
  run: number,
  { receiver, controller }: ChangeMeasurement,
): Promise<Sample> {
  const waitedBefore = await controller.waitedForCoreMs();
  const arrival = receiver.next();
  arrival.catch(() => {}); // the write may fail first
  const { sentAt, answeredAt } = await write(run);
  const { at } = await arrival;
  const waitedMs = (await controller.waitedForCoreMs()) - waitedBefore;
  return { fromSentMs: at - sentAt, fromAnswerMs: at - answeredAt, waitedMs };
}

/** Waits until the controller has asked nothing for a while, besides what comes with time. */
async function untilQuiet(cluster: ClusterUnderTest, signal: AbortSignal): Promise<readonly ControllerRequest[]> {
  const deadline = performance.now() + QUIET_WITHIN_MS;
  const ofChanges = (): number => cluster.controllerRequests().filter(({ comesWithTime }) => !comesWithTime).length;
  for (let seen = ofChanges(); performance.now() < deadline;) {
    await pause(QUIET_MS, undefined, { signal });
    const now = ofChanges();
    if (now === seen) break;
    seen = now;
  }
  return cluster.controllerRequests();
}

function requestFigures(
  change: string,
  requests: readonly ControllerRequest[],
  { size, changes }: { readonly size: number; readonly changes: number },
): readonly Figure[] {
  const ofChanges = requests.filter(({ comesWithTime }) => !comesWithTime);
  const perChange = (count: number): readonly number[] => [count / changes];
  const byWhat = [...Map.groupBy(ofChanges, ({ what }) => what)];
  return [
    { size, what: `${change}: requests per change`, unit: 'count', values: perChange(ofChanges.length) },
    ...byWhat.map(([what, { length }]): Figure => ({
      size,
      what: `${change}: of these, ${what}`,
      unit: 'count',
      values: perChange(length),
    })),
  ];
}

function perMinuteFigures(requests: readonly ControllerRequest[], size: number, minutes: number): readonly Figure[] {
  const withTime = requests.filter(({ comesWithTime }) => comesWithTime);
  return [...Map.groupBy(withTime, ({ what }) => what)].map(([what, { length }]) => ({
    size,
    what: `requests as time goes by, per minute: ${what}`,
    unit: 'count',
    values: [length / minutes],
  }));
}
