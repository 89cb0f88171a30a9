import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@koko/lifecycle';
import { ClusterServer } from '../test/cluster-server.ts';
import { KeptLog } from '../test/kept-log.ts';
import { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import type { ApiErrorCode } from './api-error.ts';
import { LeaderElector } from './leader-elector.ts';
import { ClusterLease } from './lease.ts';
import type { LeaseRecord, LeaseStore, ObservedLease } from './lease.ts';

type Mood = 'well' | 'down' | 'hanging' | 'deaf' | 'unheard';

/** One Lease in memory, with a connection of each process to it that can fail. */
class MemoryLease {
  lease: ObservedLease | undefined;
  #version = 0;

  put(record: LeaseRecord): ObservedLease {
    this.#version += 1;
    this.lease = { record, resourceVersion: String(this.#version) };
    return this.lease;
  }

  connect(mood: () => Mood): LeaseStore {
    const answer = async <T>(signal: AbortSignal, work: () => T, isWrite = true): Promise<T> => {
      if (mood() === 'down') throw new ApiError('ERR_KUBERNETES_UNREACHABLE', 'down');
      if (mood() === 'hanging') return untilAbort(signal);
      const result = work();
      const isHeard = mood() !== 'deaf' && !(isWrite && mood() === 'unheard');
      if (!isHeard) return untilAbort(signal); // done, but nobody hears of it
      return result;
    };
    return {
      read: (signal) => answer(signal, () => this.lease, false),
      create: (record, signal) =>
        answer(signal, () => {
          if (this.lease !== undefined) throw new ApiError('ERR_KUBERNETES_CONFLICT', 'exists');
          return this.put(record);
        }),
      update: (record, version, signal) =>
        answer(signal, () => {
          if (this.lease?.resourceVersion !== version) throw new ApiError('ERR_KUBERNETES_CONFLICT', 'changed');
          return this.put(record);
        }),
    };
  }
}

function untilAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), { once: true });
  });
}

interface Process {
  readonly elector: LeaderElector;
  readonly running: Promise<void>;
  readonly stop: () => void;
  mood: Mood;
  /** Between `onGained` and the end of `onLost`. */
  isActing: boolean;
  gained: number;
}

let clock: ManualClock;
let memory: MemoryLease;
let processes: Process[];

beforeEach(() => {
  clock = new ManualClock();
  memory = new MemoryLease();
  processes = [];
});

afterEach(async () => {
  for (const { stop } of processes) stop();
  await clock.pass(60_000);
  await Promise.all(processes.map(({ running }) => running));
  expect(clock.pending).toBe(0);
});

interface ProcessOptions {
  readonly stopMs?: number;
  readonly skewMs?: number;
  readonly seed?: number;
}

function launch(
  identity: string,
  { stopMs = 0, skewMs = 0, seed = processes.length + 1 }: ProcessOptions = {},
): Process {
  const stop = new AbortController();
  let state = seed * 7919;
  const launched = { mood: 'well' as Mood, isActing: false, gained: 0 };
  const elector = new LeaderElector({
    lease: memory.connect(() => launched.mood),
    identity,
    onGained: () => {
      launched.isActing = true;
      launched.gained += 1;
    },
    onLost: async () => {
      if (stopMs > 0) await new Promise<void>((resolve) => clock.after(stopMs, resolve));
      launched.isActing = false;
    },
    clock: { now: () => clock.now() + skewMs, after: (delayMs, callback) => clock.after(delayMs, callback) },
    monotonicNow: () => clock.now() + skewMs,
    random: () => (state = (state * 48271) % 2147483647) / 2147483647,
  });
  const running = elector.run(stop.signal, () => {});
  const process = Object.assign(launched, { elector, running, stop: () => stop.abort() });
  processes.push(process);
  return process;
}

function expectOneLeader(): void {
  expect(processes.filter(({ elector }) => elector.isLeading).length).toBeLessThanOrEqual(1);
  expect(processes.filter(({ isActing }) => isActing).length).toBeLessThanOrEqual(1);
}

const leaders = (): readonly Process[] => processes.filter(({ elector }) => elector.isLeading);

describe('LeaderElector', () => {
  it('leads at once when nobody does, and goes on as long as it renews', async () => {
    const a = launch('a');
    await clock.pass(10);
    expect([a.elector.isLeading, a.isActing, a.elector.leader]).toEqual([true, true, 'a']);
    await clock.pass(100_000, () => expect(a.elector.isLeading).toBe(true));
    expect(memory.lease?.record).toMatchObject({ holder: 'a', durationSeconds: 15, transitions: 0 });
    expect(memory.lease?.record.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(memory.lease?.record.renewTime).not.toBe(memory.lease?.record.acquireTime);
  });

  it('lets one of many lead when all begin at once', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) launch(name);
    await clock.pass(30_000, expectOneLeader);
    expect(leaders()).toHaveLength(1);
    expect(processes.reduce((sum, { gained }) => sum + gained, 0)).toBe(1);
  });

  it('hands over at once when it is stopped, after it has stopped acting', async () => {
    const a = launch('a', { stopMs: 1_000 });
    await clock.pass(10);
    const b = launch('b');
    await clock.pass(5_000);
    a.stop();
    await clock.pass(3_100, expectOneLeader);
    expect([a.isActing, b.isActing, b.elector.leader]).toEqual([false, true, 'b']);
    expect(memory.lease?.record.transitions).toBe(1);
    await a.running;
  });

  it.each([
    ['get', 'unheard', 10],
    ['renew', 'well', 10],
  ] as const)('gives back a Lease that it was about to %s when it was stopped', async (_, mood, beforeMs) => {
    const a = launch('a');
    a.mood = mood;
    await clock.pass(beforeMs);
    a.mood = 'unheard';
    await clock.pass(2_100);
    const { holder = '', renewTime = '', acquireTime = '' } = memory.lease?.record ?? {};
    expect([holder, renewTime === acquireTime]).toEqual(['a', mood === 'unheard']);
    a.stop();
    a.mood = 'well';
    await clock.pass(10);
    await a.running;
    expect(memory.lease?.record.holder).toBe('');
  });

  it('warns where a Lease cannot be created, and says nothing when another one was first', async () => {
    const logger = new KeptLog();
    const stop = new AbortController();
    let code: ApiErrorCode = 'ERR_KUBERNETES_CONFLICT';
    const elector = new LeaderElector({
      lease: {
        read: async () => undefined,
        create: async () => Promise.reject(new ApiError(code, 'no')),
        update: async () => Promise.reject(new ApiError(code, 'no')),
      },
      identity: 'a',
      onGained: () => {},
      onLost: () => {},
      clock,
      logger,
      monotonicNow: () => clock.now(),
    });
    const running = elector.run(stop.signal, () => {});
    await clock.pass(100_000);
    expect(logger.lines).toEqual([]);
    code = 'ERR_KUBERNETES_NOT_FOUND'; // there is no such namespace
    await clock.pass(180_000);
    expect(logger.at('warn').length).toBe(3);
    stop.abort();
    await clock.pass(1);
    await running;
  });

  it.each<Mood>(['down', 'hanging'])(
    'stops leading before others take over when the API server is %s to it',
    async (mood) => {
      const a = launch('a', { stopMs: 3_000 });
      await clock.pass(10);
      const b = launch('b');
      await clock.pass(4_990);
      a.mood = mood;
      await clock.pass(10_001, expectOneLeader);
      expect(a.elector.isLeading).toBe(false);
      await clock.pass(7_000, expectOneLeader);
      expect([a.isActing, b.isActing]).toEqual([false, true]);
      a.mood = 'well';
      await clock.pass(60_000, expectOneLeader);
      expect(b.gained).toBe(1);
    },
  );

  it('takes over from one that was killed within the lease duration and two seconds', async () => {
    const a = launch('a');
    await clock.pass(10);
    const b = launch('b');
    const c = launch('c');
    await clock.pass(20_001);
    a.mood = 'hanging'; // as the others see it
    await clock.pass(17_000, expectOneLeader);
    expect(b.isActing !== c.isActing).toBe(true);
  });

  it('goes on when a renewal arrived although nothing was heard of it', async () => {
    const a = launch('a');
    await clock.pass(10);
    a.mood = 'deaf';
    await clock.pass(7_000);
    a.mood = 'well';
    await clock.pass(30_000, expectOneLeader);
    expect([a.elector.isLeading, a.gained]).toEqual([true, 1]);
  });

  it('does not act on a lead that ran out while the process was halted', async () => {
    const a = launch('a');
    await clock.pass(10);
    clock.skip(20_000);
    expect(a.elector.isLeading).toBe(false);
    memory.put({ holder: 'b', durationSeconds: 15, acquireTime: 'x', renewTime: 'x', transitions: 1 });
    await clock.pass(1);
    expect([a.isActing, memory.lease?.record.holder]).toEqual([false, 'b']);
  });

  it('steps down when another one holds the Lease', async () => {
    const a = launch('a');
    await clock.pass(10);
    memory.put({ holder: 'b', durationSeconds: 15, acquireTime: 'x', renewTime: 'x', transitions: 1 });
    await clock.pass(2_001);
    expect([a.isActing, a.elector.leader]).toEqual([false, 'b']);
    await clock.pass(18_000);
    expect([a.isActing, a.gained]).toEqual([true, 2]);
  });

  it('waits for the end of a Lease under its own name that another process holds', async () => {
    memory.put({ holder: 'a', durationSeconds: 15, acquireTime: 'x', renewTime: 'x', transitions: 1 });
    const a = launch('a');
    await clock.pass(14_900);
    expect(a.isActing).toBe(false);
    await clock.pass(200);
    expect(a.isActing).toBe(true);
  });

  it('makes the Lease anew when somebody deleted it', async () => {
    const a = launch('a');
    await clock.pass(10);
    memory.lease = undefined;
    await clock.pass(30_000);
    expect([a.elector.isLeading, a.gained, memory.lease]).toEqual([true, 1, expect.anything()]);
  });

  it('goes by its own clock only, however wrong that of others is', async () => {
    launch('a', { skewMs: 3_600_000 });
    launch('b', { skewMs: -3_600_000 });
    await clock.pass(60_000, expectOneLeader);
    expect(processes.map(({ gained }) => gained)).toEqual([1, 0]);
  });

  it('never lets two lead or act, whatever happens to whom and when', async () => {
    let state = 11;
    const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    for (let name = 0; name < 3; name += 1) launch(`p${name}`, { stopMs: 500 * name, skewMs: name * 100_000 });
    const moods: readonly Mood[] = ['well', 'well', 'well', 'down', 'hanging', 'deaf', 'unheard'];
    for (let step = 0; step < 300; step += 1) {
      const process = processes[random(processes.length)];
      if (process !== undefined) process.mood = moods[random(moods.length)] ?? 'well';
      await clock.pass(random(9_000), expectOneLeader);
    }
    for (const process of processes) process.mood = 'well';
    await clock.pass(40_000, expectOneLeader);
    expect(leaders()).toHaveLength(1);
    expect(processes.reduce((sum, { gained }) => sum + gained, 0)).toBeGreaterThan(10);
  });

  it('refuses durations that do not fit together', () => {
    const options = { lease: memory.connect(() => 'well'), identity: 'a', onGained: () => {}, onLost: () => {} };
    const make = (): LeaderElector => new LeaderElector({ ...options, renewDeadlineMs: 20_000 });
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_KUBERNETES_ELECTION' }));
  });
});

describe('ClusterLease', () => {
  it('reads and writes a Lease at an API server as others expect it', async () => {
    const server = new ClusterServer();
    const client = new ApiClient({ access: await server.listen() });
    const leases = '/apis/coordination.k8s.io/v1/leases';
    const { signal } = new AbortController();
    try {
      const lease = new ClusterLease(client, 'shop', 'iic');
      expect(await lease.read(signal)).toBeUndefined();
      server.served.add(leases);
      const spec = {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        acquireTime: 'x',
        renewTime: 'y',
        leaseTransitions: 3,
      };
      server.set(leases, { metadata: { name: 'iic', namespace: 'shop' }, spec });
      const observed = await lease.read(signal);
      const record = { holder: 'a', durationSeconds: 15, acquireTime: 'x', renewTime: 'y', transitions: 3 };
      expect(observed).toEqual({ record, resourceVersion: '101' });
      let sent: unknown;
      server.faults.push((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => void chunks.push(chunk));
        request.on('end', () => {
          sent = { method: request.method, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown };
          response.end(Buffer.concat(chunks));
        });
        return true;
      });
      expect(await lease.update(record, '101', signal)).toEqual(observed);
      const metadata = { namespace: 'shop', name: 'iic', resourceVersion: '101' };
      expect(sent).toMatchObject({ method: 'PUT', body: { kind: 'Lease', metadata, spec } });
    } finally {
      client.close();
      await server.close();
    }
  });
});
