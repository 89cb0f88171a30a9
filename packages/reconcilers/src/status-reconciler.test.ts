import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, silentLogger } from '@koko/lifecycle';
import type { ObjectProblem, ObjectReference, TranslatedKind } from '@koko/translator';
import { HandAddresses, StatusCluster } from '../test/status-cluster.ts';
import { StatusReconciler } from './status-reconciler.ts';
import type { StatusReconcilerOptions } from './status-reconciler.ts';

const MINUTE_MS = 60_000;

let clock: ManualClock;
let cluster: StatusCluster;
let addresses: HandAddresses;
let stop: AbortController;
let running: Promise<void> | undefined;
let warnings: string[];

beforeEach(() => {
  clock = new ManualClock();
  cluster = new StatusCluster();
  addresses = new HandAddresses();
  stop = new AbortController();
  warnings = [];
});

afterEach(async () => {
  await stopped();
  expect(clock.pending).toBe(0);
  expect(addresses.listeners).toBe(0);
});

async function stopped(): Promise<void> {
  stop.abort();
  await clock.pass(2_000);
  await running;
}

function create(options: Partial<StatusReconcilerOptions> = {}): StatusReconciler {
  const reconciler = new StatusReconciler({
    objects: cluster,
    writer: cluster,
    addresses,
    accepted: () => cluster.accepted.values(),
    problems: () => cluster.problems,
    logger: { ...silentLogger, warn: (_, message) => void warnings.push(message) },
    clock,
    random: () => 0.5,
    ...options,
  });
  cluster.onRound = (changes) => reconciler.reconciled(changes);
  return reconciler;
}

function start(options: Partial<StatusReconcilerOptions> = {}): StatusReconciler {
  const reconciler = create(options);
  running = reconciler.run(stop.signal, () => {});
  return reconciler;
}

const ingress = (name: string): ObjectReference => ({ kind: 'Ingress', namespace: 'shop', name });
const web = ingress('web');
const problem = (...objects: readonly [ObjectReference, ...ObjectReference[]]): ObjectProblem => ({
  code: 'ERR_TRANSLATE_SERVICE_MISSING',
  path: [],
  message: 'no such Service',
  objects,
});
const published = (...ips: readonly string[]): unknown => ({ loadBalancer: { ingress: ips.map((ip) => ({ ip })) } });
const results = (): readonly string[] => cluster.requests.map(({ result }) => result);

describe('StatusReconciler', () => {
  it('publishes the addresses on what is ours, by one request each, and by none where they stand already', async () => {
    cluster.create(web);
    cluster.create(ingress('right'), { status: published('192.0.2.1') });
    cluster.put(ingress('foreign'));
    cluster.see(ingress('foreign'));
    const reconciler = start();
    await clock.pass(100);
    cluster.create(ingress('later'));
    await clock.pass(100);
    cluster.put(web); // a change of something else
    cluster.see(web);
    await clock.pass(15 * MINUTE_MS);
    expect(cluster.requests.map(({ key }) => key)).toEqual(['Ingress/shop/web', 'Ingress/shop/later']);
    expect(cluster.statusOf(web)).toEqual(published('192.0.2.1'));
    expect(cluster.statusOf(ingress('foreign'))).toBeUndefined();
    expect(reconciler.counters()).toEqual({ written: 2, failed: 0, conflicts: 0, contended: 0, queued: 0 });
  });

  it('waits until no problem names the object, and takes nothing back when one comes or the class goes', async () => {
    const broken = problem(web, { kind: 'Service', namespace: 'shop', name: 'cart' });
    cluster.put(web);
    cluster.see(web, { accepted: [web], problemsAdded: [broken] });
    start();
    await clock.pass(100);
    expect(results()).toEqual([]);
    cluster.see(web, { problemsRemoved: [broken] });
    await clock.pass(100);
    expect(results()).toEqual(['written']);
    cluster.see(web, { problemsAdded: [broken] });
    addresses.set({ ip: '192.0.2.2' });
    cluster.see(web, { problemsRemoved: [broken], disowned: [web] });
    await clock.pass(15 * MINUTE_MS);
    expect(cluster.statusOf(web)).toEqual(published('192.0.2.1'));
  });

  it('writes nothing while no address is known, and everywhere when they change', async () => {
    addresses.set();
    for (const name of ['a', 'b', 'c']) cluster.create(ingress(name));
    start();
    await clock.pass(MINUTE_MS);
    expect(results()).toEqual([]);
    addresses.set({ ip: '192.0.2.7' }, { hostname: 'lb.test' });
    await clock.pass(100);
    expect(results()).toEqual(['written', 'written', 'written']);
    addresses.set();
    addresses.set({ ip: '192.0.2.8' });
    await clock.pass(100);
    expect(cluster.statusOf(ingress('b'))).toEqual(published('192.0.2.8'));
    expect(results()).toHaveLength(6);
  });

  it('sends nothing again while its own write has not been seen yet', async () => {
    cluster.create(web);
    cluster.isWatched = false;
    start();
    await clock.pass(100);
    cluster.onRound({ accepted: [], disowned: [], changed: [web], problemsAdded: [], problemsRemoved: [] });
    await clock.pass(15 * MINUTE_MS);
    expect(results()).toEqual(['written']);
    addresses.set({ ip: '192.0.2.2' }); // on top of what has been written
    await clock.pass(100);
    expect(results()).toEqual(['written', 'written']);
    cluster.put(web, { status: {} });
    cluster.see(web);
    await clock.pass(100);
    expect(cluster.statusOf(web)).toEqual(published('192.0.2.2'));
  });

  it('tries again on a conflict once the newer object is seen, without a storm while others keep changing it', async () => {
    cluster.create(web);
    cluster.put(web);
    const reconciler = start();
    await clock.pass(30);
    expect(results()).toEqual(['conflict']);
    cluster.see(web);
    await clock.pass(1);
    expect(results()).toEqual(['conflict', 'written']);
    cluster.requests.length = 0;
    cluster.onRequest = () => cluster.put(web, { status: { other: clock.now() } });
    addresses.set({ ip: '192.0.2.2' });
    for (let change = 0; change < 1000; change += 1) {
      await clock.pass(60);
      cluster.see(web);
    }
    expect(results().length).toBeGreaterThan(4);
    expect(results().length).toBeLessThan(20);
    cluster.onRequest = () => {};
    await clock.pass(MINUTE_MS);
    expect(cluster.statusOf(web)).toMatchObject(published('192.0.2.2') as object);
    expect(reconciler.counters().conflicts).toBeGreaterThan(4);
  });

  it('forgets an object that is gone, and never touches one that took its name', async () => {
    cluster.create(web);
    cluster.remove(web);
    start();
    await clock.pass(MINUTE_MS);
    expect(results()).toEqual(['gone']);
    cluster.put(web); // another one, not looked at yet
    await clock.pass(15 * MINUTE_MS);
    expect(results().slice(1)).not.toContain('written');
    cluster.see(web);
    await clock.pass(MINUTE_MS);
    expect(results().at(-1)).toBe('written');
  });

  it('asks less and less while the server is away, and catches up when it is back', async () => {
    for (let index = 0; index < 1000; index += 1) cluster.create(ingress(`i${index}`));
    cluster.mood = 'down';
    start();
    await clock.pass(10 * MINUTE_MS);
    expect(results().length).toBeLessThan(1000);
    expect(warnings.length).toBeLessThanOrEqual(11);
    cluster.mood = 'well';
    cluster.requests.length = 0;
    await clock.pass(90_000);
    expect(results().filter((result) => result === 'written')).toHaveLength(1000);
  });

  it('keeps to long pauses where it is refused, and tries at once when the object changes', async () => {
    cluster.create(web);
    cluster.mood = 'refusing';
    start();
    await clock.pass(60 * MINUTE_MS);
    expect(results().length).toBeLessThan(30);
    await stopped();
    stop = new AbortController();
    cluster.requests.length = 0;
    start();
    await clock.pass(10);
    cluster.mood = 'well';
    cluster.put(web);
    cluster.see(web);
    await clock.pass(10);
    expect(results()).toEqual(['refused', 'written']);
  });

  it('paces thousands, and lets a new change pass them', async () => {
    for (let index = 0; index < 10_000; index += 1) cluster.create(ingress(`i${index}`));
    const reconciler = start();
    await clock.pass(1000);
    expect(results().length).toBeGreaterThanOrEqual(300);
    expect(results().length).toBeLessThanOrEqual(400);
    expect(reconciler.counters().queued).toBeGreaterThan(9_000);
    cluster.create(web);
    await clock.pass(50);
    expect(cluster.statusOf(web)).toEqual(published('192.0.2.1'));
    await clock.pass(100_000);
    expect(results()).toHaveLength(10_001);
    expect(new Set(results())).toEqual(new Set(['written']));
  }, 60_000);

  it('gives way to another controller that keeps writing another value, warns once, and wins when that has gone', async () => {
    cluster.create(web);
    const reconciler = start();
    const overwrite = (): void => {
      cluster.put(web, { status: published('198.51.100.1') });
      cluster.see(web);
    };
    for (let second = 0; second < 3600; second += 1) {
      await clock.pass(1000);
      if (JSON.stringify(cluster.statusOf(web)) !== JSON.stringify(published('198.51.100.1'))) overwrite();
    }
    expect(results().length).toBeLessThan(15);
    expect(warnings).toEqual(['Somebody else keeps overwriting a status; do two controllers have the same class?']);
    expect(reconciler.counters().contended).toBe(1);
    await clock.pass(15 * MINUTE_MS);
    expect(cluster.statusOf(web)).toEqual(published('192.0.2.1'));
    cluster.create(ingress('other')); // others do not wait for it
    await clock.pass(10);
    expect(cluster.statusOf(ingress('other'))).toEqual(published('192.0.2.1'));
  }, 30_000);

  it('repairs a status once at once, however it was lost, and by an audit where nothing told it', async () => {
    cluster.create(web);
    start();
    await clock.pass(100);
    cluster.put(web, { status: {} });
    cluster.see(web);
    await clock.pass(10);
    expect(cluster.statusOf(web)).toEqual(published('192.0.2.1'));
    cluster.put(ingress('quiet'));
    cluster.onRound = () => {};
    cluster.see(ingress('quiet'), { accepted: [ingress('quiet')] });
    await clock.pass(13 * MINUTE_MS);
    expect(cluster.statusOf(ingress('quiet'))).toEqual(published('192.0.2.1'));
    expect(results()).toEqual(['written', 'written', 'written']);
  });

  it('writes nothing once it has stopped, not even what hangs, and takes everything up again', async () => {
    for (let index = 0; index < 1000; index += 1) cluster.create(ingress(`i${index}`));
    const reconciler = start();
    await clock.pass(100);
    cluster.mood = 'hanging';
    await clock.pass(100);
    await stopped();
    const sent = cluster.requests.length;
    expect(clock.pending).toBe(0);
    cluster.mood = 'well';
    cluster.create(web);
    addresses.set({ ip: '192.0.2.2' });
    await clock.pass(15 * MINUTE_MS);
    expect(cluster.requests).toHaveLength(sent);
    stop = new AbortController();
    running = reconciler.run(stop.signal, () => {});
    await clock.pass(20_000);
    expect(cluster.statusOf(web)).toEqual(published('192.0.2.2'));
    expect(cluster.statusOf(ingress('i999'))).toEqual(published('192.0.2.2'));
  });

  it('lets requests under way end before it has stopped', async () => {
    cluster.create(web);
    start();
    cluster.onRequest = () => stop.abort();
    await clock.pass(10);
    await running;
    expect(results()).toEqual(['written']);
  });

  it('does not write while it must not', async () => {
    let isLeading = false;
    cluster.create(web);
    start({ mayWrite: () => isLeading });
    await clock.pass(MINUTE_MS);
    expect(results()).toEqual([]);
    isLeading = true;
    await clock.pass(2000);
    expect(results()).toEqual(['written']);
  });

  it('serves a further kind by its column alone', async () => {
    const kind: TranslatedKind = {
      kind: 'KongThing',
      group: 'test',
      version: 'v1',
      resource: 'kongthings',
      namespaced: true,
      ingest: 'always',
      status: 'programmed',
    };
    const thing: ObjectReference = { kind: 'KongThing', namespace: 'shop', name: 'thing' };
    const condition = (): unknown =>
      (cluster.statusOf(thing) as { conditions: readonly unknown[] } | undefined)?.conditions.at(-1);
    cluster.create(thing);
    start({ kinds: [kind] });
    await clock.pass(10);
    expect(condition()).toMatchObject({ status: 'True', reason: 'Programmed', observedGeneration: 1 });
    const broken = problem(thing);
    cluster.put(thing);
    cluster.see(thing, { problemsAdded: [broken] });
    await clock.pass(10);
    expect(condition()).toMatchObject({ status: 'False', reason: 'Invalid', observedGeneration: 2 });
    cluster.see(thing, { problemsRemoved: [broken], disowned: [thing] });
    await clock.pass(10);
    expect(condition()).toMatchObject({ reason: 'Invalid' }); // what is known is not replaced by what is pending
    expect(results()).toHaveLength(2);
  });

  it('fails when what it asks for all that there is fails, once it has stopped writing', async () => {
    const reconciler = create({
      accepted: () => {
        throw new Error('broken');
      },
    });
    await expect(reconciler.run(stop.signal, () => {})).rejects.toThrow('broken');
  });
});
