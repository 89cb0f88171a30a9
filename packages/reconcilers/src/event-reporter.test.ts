import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, silentLogger } from '@koko/lifecycle';
import type { ObjectProblem, ObjectReference } from '@koko/translator';
import { EventCluster } from '../test/event-cluster.ts';
import { EventReporter } from './event-reporter.ts';
import type { EventChanges, EventReporterOptions } from './event-reporter.ts';

const MINUTE_MS = 60_000;

let clock: ManualClock;
let cluster: EventCluster;
let stop: AbortController;
let running: Promise<void> | undefined;
let warnings: string[];

beforeEach(() => {
  clock = new ManualClock();
  cluster = new EventCluster();
  stop = new AbortController();
  warnings = [];
});

afterEach(async () => {
  await stopped();
  expect(clock.pending).toBe(0);
});

async function stopped(): Promise<void> {
  stop.abort();
  await clock.pass(2_000);
  await running;
}

function start(options: Partial<EventReporterOptions> = {}): EventReporter {
  stop = new AbortController();
  const reporter = new EventReporter({
    objects: cluster,
    writer: cluster,
    problems: () => cluster.problems,
    logger: { ...silentLogger, warn: (_, message) => void warnings.push(message) },
    clock,
    random: () => 0.5,
    ...options,
  });
  running = reporter.run(stop.signal, () => {});
  return reporter;
}

function round(reporter: EventReporter, changes: Partial<EventChanges>): void {
  for (const problem of changes.problemsRemoved ?? []) cluster.problems.delete(problem);
  for (const problem of changes.problemsAdded ?? []) cluster.problems.add(problem);
  reporter.reconciled({ changed: [], problemsAdded: [], problemsRemoved: [], ...changes });
}

const ingress = (name: string): ObjectReference => ({ kind: 'Ingress', namespace: 'shop', name });
const web = ingress('web');
const cart: ObjectReference = { kind: 'Service', namespace: 'shop', name: 'cart' };

function problem(message: string, ...objects: readonly ObjectReference[]): ObjectProblem {
  const [first = web, ...others] = objects;
  return { code: 'ERR_TRANSLATE_SERVICE_MISSING', path: [], message, objects: [first, ...others] };
}

const told = (): readonly string[] =>
  cluster.reports.map(({ object, message }) => `${object.metadata.name}: ${message}`);

describe('EventReporter', () => {
  it('shows a problem on every object that it names and that is there, within moments', async () => {
    cluster.put(web);
    cluster.put(cart);
    const reporter = start();
    const missing = ingress('missing');
    round(reporter, { problemsAdded: [problem('port 80 is not there', web, cart, missing)] });
    await clock.pass(10);
    expect(told().toSorted()).toEqual(['cart: port 80 is not there', 'web: port 80 is not there']);
    expect(cluster.reports[0]).toMatchObject({ reason: 'KongConfigurationTranslationFailed', leastAgeMs: 0 });
    expect(reporter.counters()).toEqual({ written: 2, failed: 0, dropped: 0, active: 3, queued: 0 });
  });

  it('tells what Kong refuses from what cannot be translated', async () => {
    cluster.put(web);
    const reporter = start();
    const refused = { ...problem('Kong would refuse routes'), code: 'ERR_FIELD_FORMAT' };
    round(reporter, { problemsAdded: [refused] });
    await clock.pass(10);
    expect(cluster.reports[0]?.reason).toBe('KongConfigurationApplyFailed');
  });

  it('repeats the Event while the problem stays, twice an hour at most, and not once it is gone', async () => {
    cluster.put(web);
    const reporter = start();
    const missing = problem('no such Service');
    round(reporter, { problemsAdded: [missing] });
    await clock.pass(29 * MINUTE_MS);
    expect(cluster.reports).toHaveLength(1);
    await clock.pass(3 * 60 * MINUTE_MS);
    expect(cluster.reports.length).toBeGreaterThanOrEqual(6);
    expect(cluster.reports.length).toBeLessThanOrEqual(7);
    expect(cluster.events.size).toBe(1);
    const { length } = cluster.reports;
    round(reporter, { problemsRemoved: [missing] });
    await clock.pass(3 * 60 * MINUTE_MS);
    expect(cluster.reports).toHaveLength(length);
    round(reporter, { problemsAdded: [missing] });
    await clock.pass(10);
    expect(cluster.reports).toHaveLength(length + 1); // news, although there may be an Event of before
  });

  it('finds the Events of an earlier leader and leaves them until they are due', async () => {
    for (const name of ['a', 'b', 'c']) {
      cluster.put(ingress(name));
      cluster.problems.add(problem('no such Service', ingress(name)));
    }
    start();
    await clock.pass(10 * MINUTE_MS);
    await stopped();
    expect(cluster.reports).toHaveLength(3);
    start();
    await clock.pass(19 * MINUTE_MS);
    expect(cluster.reports).toHaveLength(3);
    await clock.pass(3 * MINUTE_MS);
    expect(cluster.reports).toHaveLength(6);
    expect([...cluster.events.values()].map(({ count }) => count)).toEqual([2, 2, 2]);
  });

  it('holds to one Event for problems of the same words, and to each object while others are repaired', async () => {
    cluster.put(web);
    const reporter = start();
    const one = { ...problem('is bad'), path: [1] };
    const other = { ...problem('is bad'), path: [2] };
    round(reporter, { problemsAdded: [one, other] });
    await clock.pass(10);
    expect(told()).toEqual(['web: is bad']);
    round(reporter, { problemsRemoved: [one] });
    await clock.pass(40 * MINUTE_MS);
    expect(told()).toHaveLength(2);
  });

  it('shows it anew on an object that came later, or came again under its name', async () => {
    const reporter = start();
    round(reporter, { problemsAdded: [problem('no such Service')] });
    await clock.pass(MINUTE_MS);
    expect(told()).toEqual([]);
    cluster.put(web, 'first');
    round(reporter, { changed: [web] });
    await clock.pass(10);
    cluster.put(web, 'second');
    round(reporter, { changed: [web] });
    await clock.pass(10);
    round(reporter, { changed: [web] });
    await clock.pass(MINUTE_MS);
    expect(cluster.reports.map(({ object }) => object.metadata.uid)).toEqual(['first', 'second']);
  });

  it('paces a whole broken cluster, and shows a new problem within a second all the same', async () => {
    for (let index = 0; index < 10_000; index += 1) {
      cluster.put(ingress(`i${index}`));
      cluster.problems.add(problem('no such Service', ingress(`i${index}`)));
    }
    cluster.put(web);
    const reporter = start({ limits: { maxActive: 10_001 } });
    await clock.pass(10_000);
    expect(cluster.reports.length).toBeLessThanOrEqual(310);
    round(reporter, { problemsAdded: [problem('is new')] });
    await clock.pass(200);
    expect(told()).toContain('web: is new');
    await clock.pass(29 * MINUTE_MS);
    expect(cluster.reports).toHaveLength(10_001);
  }, 60_000);

  it('keeps up a limited number of Events, counts what it leaves out, and comes to it when there is room', async () => {
    const problems = ['a', 'b', 'c'].map((name) => problem('is bad', ingress(name)));
    for (const name of ['a', 'b', 'c']) cluster.put(ingress(name));
    const reporter = start({ limits: { maxActive: 2 } });
    round(reporter, { problemsAdded: problems });
    await clock.pass(10);
    expect(told()).toHaveLength(2);
    expect(reporter.counters()).toMatchObject({ dropped: 1, active: 2 });
    round(reporter, { problemsRemoved: problems.slice(0, 1) });
    await clock.pass(15 * MINUTE_MS);
    expect(new Set(told())).toEqual(new Set(['a: is bad', 'b: is bad', 'c: is bad']));
  });

  it('gives one object 25 Events and then one every five minutes', async () => {
    cluster.put(web);
    const reporter = start();
    for (let turn = 0; turn < 100; turn += 1) {
      const flapping = problem(`turn ${turn}`);
      round(reporter, { problemsAdded: [flapping] });
      await clock.pass(100);
      round(reporter, { problemsRemoved: [flapping] });
    }
    expect(cluster.reports).toHaveLength(25);
    expect(reporter.counters().dropped).toBe(75);
    round(reporter, { problemsAdded: [problem('stays')] });
    await clock.pass(7 * MINUTE_MS);
    expect(told().at(-1)).toBe('web: stays');
  });

  it('keeps up with one object that very many problems name', async () => {
    cluster.put(web);
    cluster.put(cart);
    const many = Array.from({ length: 20_000 }, (_, index) => problem(`port ${index}`, cart));
    const reporter = start();
    round(reporter, { problemsAdded: many });
    round(reporter, { problemsAdded: [problem('is bad', web)] });
    await clock.pass(100);
    expect(told()).toContain('web: is bad');
    expect(reporter.counters().active).toBe(51);
    round(reporter, { problemsRemoved: many });
    expect(reporter.counters().active).toBe(1);
  });

  it('catches up when the server is back, or no longer refuses', async () => {
    for (let index = 0; index < 500; index += 1) {
      cluster.put(ingress(`i${index}`));
      cluster.problems.add(problem('is bad', ingress(`i${index}`)));
    }
    cluster.mood = 'down';
    start();
    await clock.pass(30 * MINUTE_MS);
    expect(cluster.attempts).toBeLessThan(2500);
    expect(warnings.length).toBeLessThanOrEqual(31);
    cluster.mood = 'refusing';
    await clock.pass(5 * MINUTE_MS);
    cluster.mood = 'well';
    await clock.pass(6 * MINUTE_MS);
    expect(cluster.events.size).toBe(500);
  });

  it('tries again soon after a conflict, without a word', async () => {
    cluster.put(web);
    const reporter = start();
    await clock.pass(1);
    cluster.mood = 'conflicting';
    round(reporter, { problemsAdded: [problem('is bad', web)] });
    await clock.pass(1);
    cluster.mood = 'well';
    await clock.pass(50);
    expect([cluster.events.size, cluster.attempts, warnings]).toEqual([1, 2, []]);
  });

  it('writes nothing after it has stopped, nor while it must not', async () => {
    cluster.put(web);
    let isLeading = false;
    const reporter = start({ mayWrite: () => isLeading });
    round(reporter, { problemsAdded: [problem('is bad')] });
    await clock.pass(MINUTE_MS);
    expect(cluster.attempts).toBe(0);
    await stopped();
    isLeading = true;
    round(reporter, { problemsAdded: [problem('is worse')] });
    await clock.pass(60 * MINUTE_MS);
    expect(cluster.attempts).toBe(0);
  });

  it.each(['a', 'é', '🏔'])(
    'cuts long messages within what Kubernetes takes, and within no character: %s',
    async (text) => {
      cluster.put(web);
      const reporter = start();
      round(reporter, { problemsAdded: [problem(text.repeat(2000)), problem(`short \ud800`)] });
      await clock.pass(10);
      const messages = cluster.reports.map(({ message }) => message).toSorted((a, b) => a.length - b.length);
      const cut = messages[1] ?? '';
      expect(messages[0]).toBe('short \ufffd');
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(1024);
      expect(Buffer.byteLength(cut)).toBeGreaterThan(1015);
      expect(cut).toMatch(new RegExp(`^(${text})+…$`, 'u'));
    },
  );
});
