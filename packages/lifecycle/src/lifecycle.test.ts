import { describe, expect, it } from '@jest/globals';
import type { Component } from './component.ts';
import { Lifecycle, type LifecycleOptions } from './lifecycle.ts';
import type { LifecycleError } from './lifecycle-error.ts';
import { silentLogger } from './logger.ts';
import { ManualClock } from './manual-clock.ts';
import type { Runnable } from './runnable.ts';
import { untilAborted } from './until-aborted.ts';

/** A runnable whose every step the test decides. */
class Puppet implements Runnable {
  readonly name: string;
  runs = 0;
  ready: () => void = () => {};
  end: () => void = () => {};
  fail: (error: unknown) => void = () => {};
  /** Off: it runs on after its signal has aborted. */
  isObedient = true;
  readonly #isPrompt: boolean;

  constructor(name: string, isPrompt = true) {
    this.name = name;
    this.#isPrompt = isPrompt;
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    this.runs += 1;
    this.ready = ready;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.end = resolve;
    this.fail = reject;
    if (this.isObedient) signal.addEventListener('abort', () => resolve(), { once: true });
    if (this.#isPrompt) ready();
    await promise;
  }
}

const part = (runnable: Runnable, ...dependsOn: string[]): Component => ({ runnable, dependsOn });
const leading = (runnable: Runnable, ...dependsOn: string[]): Component => ({ runnable, dependsOn, leaderOnly: true });
const puppets = (...names: string[]): Puppet[] => names.map((name) => new Puppet(name));

function setUp(components: readonly Component[], options: Partial<LifecycleOptions> = {}) {
  const clock = new ManualClock(0);
  const log: string[] = [];
  const onStateChange: LifecycleOptions['onStateChange'] = ({ name, state }) => void log.push(`${name} ${state}`);
  const lifecycle = new Lifecycle({ components, clock, onStateChange, ...options });
  const states = (): Record<string, string> =>
    Object.fromEntries(lifecycle.status().map(({ name, state }) => [name, state]));
  return { lifecycle, clock, log, states };
}

/** Lets everything happen that can happen without further ado. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('order', () => {
  it('starts in order of dependence and stops in reverse', async () => {
    const [a, b, c] = puppets('a', 'b', 'c') as [Puppet, Puppet, Puppet];
    const { lifecycle, log } = setUp([part(a, 'b', 'c'), part(b), part(c, 'b')]);
    await lifecycle.start();
    expect(lifecycle.status().map(({ name }) => name)).toEqual(['b', 'c', 'a']);
    await lifecycle.stop();
    const started = ['b starting', 'b ready', 'c starting', 'c ready', 'a starting', 'a ready'];
    const stopped = ['a stopping', 'a stopped', 'c stopping', 'c stopped', 'b stopping', 'b stopped'];
    expect(log).toEqual([...started, ...stopped]);
  });

  it('waits for one to be ready before it starts the next', async () => {
    const [a, b] = [new Puppet('a', false), new Puppet('b')];
    const { lifecycle, states } = setUp([part(a), part(b)]);
    const start = lifecycle.start();
    await settled();
    expect([states(), lifecycle.isReady()]).toEqual([{ a: 'starting', b: 'waiting' }, false]);
    a.ready();
    a.ready(); // once more does no harm
    await start;
    expect([states(), lifecycle.isReady(), lifecycle.isHealthy()]).toEqual([{ a: 'ready', b: 'ready' }, true, true]);
    await lifecycle.stop();
    a.ready(); // nor does it after the end
    expect([states(), lifecycle.isReady(), lifecycle.isHealthy()]).toEqual([
      { a: 'stopped', b: 'stopped' },
      false,
      true,
    ]);
  });

  it('refuses what cannot be ordered, by name', () => {
    const [a, b, c] = puppets('a', 'b', 'c') as [Puppet, Puppet, Puppet];
    const refused = (...components: Component[]): unknown => {
      const { code, message } = errorOf(() => setUp(components)) as LifecycleError;
      return [code, message];
    };
    expect(refused(part(c, 'a'), part(a, 'b'), part(b, 'a'))).toEqual([
      'ERR_LIFECYCLE_CYCLE',
      'Components depend on each other: "a" depends on "b" depends on "a"',
    ]);
    expect(refused(part(a, 'z'))).toEqual([
      'ERR_LIFECYCLE_NAME_UNKNOWN',
      'Component "a" depends on "z", which is not among the components',
    ]);
    expect(refused(part(a), part(a))).toEqual(['ERR_LIFECYCLE_NAME_TAKEN', 'Two components are named "a"']);
    expect(refused(part(a, 'b'), leading(b))).toEqual([
      'ERR_LIFECYCLE_LEADER_ONLY',
      'Component "a" depends on "b", which runs only while leading: mark both leaderOnly',
    ]);
  });

  it('starts once', async () => {
    const { lifecycle } = setUp([part(new Puppet('a'))]);
    await lifecycle.start();
    await expect(lifecycle.start()).rejects.toMatchObject({ code: 'ERR_LIFECYCLE_STARTED' });
    await lifecycle.stop();
    await expect(lifecycle.run(new AbortController().signal)).rejects.toMatchObject({ code: 'ERR_LIFECYCLE_STARTED' });
  });
});

describe('failure', () => {
  it('of one stops the others and is what run throws', async () => {
    const [a, b, c] = puppets('a', 'b', 'c') as [Puppet, Puppet, Puppet];
    const { lifecycle, states } = setUp([part(a), part(b), part(c)]);
    const run = lifecycle.run(new AbortController().signal);
    await settled();
    const cause = new Error('connection lost');
    b.fail(cause);
    await expect(run).rejects.toBe(cause);
    expect(states()).toEqual({ a: 'stopped', b: 'failed', c: 'stopped' });
    expect(lifecycle.status()[1]?.error).toBe(cause);
    expect(lifecycle.isHealthy()).toBe(false);
    await expect(lifecycle.stop()).rejects.toBe(cause);
  });

  it('is also to end without being asked to', async () => {
    const a = new Puppet('a');
    const { lifecycle } = setUp([part(a)]);
    await lifecycle.start();
    a.end();
    await settled();
    await expect(lifecycle.stop()).rejects.toMatchObject({
      code: 'ERR_LIFECYCLE_ENDED_EARLY',
      message: 'Component "a" ended without being asked to',
    });
  });

  it('while starting ends the start, with the others stopped', async () => {
    const [a, b, c] = [new Puppet('a'), new Puppet('b', false), new Puppet('c')];
    const { lifecycle, states, clock } = setUp([part(a), part(b), part(c)]);
    const start = lifecycle.start();
    await settled();
    const cause = new Error('port is taken');
    b.fail(cause);
    await expect(start).rejects.toBe(cause);
    expect(states()).toEqual({ a: 'stopped', b: 'failed', c: 'waiting' });
    expect(clock.pending).toBe(0);
  });

  it('of one that is already up ends the start of another', async () => {
    const [a, b] = [new Puppet('a'), new Puppet('b', false)];
    const { lifecycle, states } = setUp([part(a), part(b)]);
    const start = lifecycle.start();
    await settled();
    const cause = new Error('gone');
    a.fail(cause);
    await expect(start).rejects.toBe(cause);
    expect(states()).toEqual({ a: 'failed', b: 'stopped' });
  });

  it('keeps the first cause when more fail on the way down', async () => {
    const [a, b, c] = puppets('a', 'b', 'c') as [Puppet, Puppet, Puppet];
    a.isObedient = false;
    const { lifecycle } = setUp([part(a), part(b), part(c)]);
    await lifecycle.start();
    const cause = new Error('first');
    c.fail(cause);
    b.fail(new Error('second'));
    await settled();
    a.fail(new Error('third'));
    await expect(lifecycle.stop()).rejects.toBe(cause);
    expect(lifecycle.status().map(({ error }) => String(error))).toEqual([
      'Error: third',
      'Error: second',
      'Error: first',
    ]);
  });

  it('while stopping is what stop throws, after the others have stopped', async () => {
    const [a, b] = puppets('a', 'b') as [Puppet, Puppet];
    b.isObedient = false;
    const { lifecycle, states } = setUp([part(a), part(b)]);
    await lifecycle.start();
    const stop = lifecycle.stop();
    b.fail(new Error('cannot flush'));
    await expect(stop).rejects.toThrow('cannot flush');
    expect(states()).toEqual({ a: 'stopped', b: 'failed' });
  });

  it('is not to pass on the abort', async () => {
    const reason: Runnable = {
      name: 'reason',
      async run(signal, ready) {
        ready();
        await untilAborted(signal);
        throw signal.reason;
      },
    };
    const wrapped: Runnable = {
      name: 'wrapped',
      async run(signal, ready) {
        ready();
        await untilAborted(signal);
        throw new DOMException('aborted', 'AbortError');
      },
    };
    const { lifecycle, states } = setUp([part(reason), part(wrapped)]);
    await lifecycle.start();
    await lifecycle.stop();
    expect(states()).toEqual({ reason: 'stopped', wrapped: 'stopped' });
  });

  it('may come at once, before the first await', async () => {
    const broken: Runnable = {
      name: 'broken',
      run() {
        throw new Error('at once');
      },
    };
    await expect(setUp([part(broken)]).lifecycle.start()).rejects.toThrow('at once');
  });
});

describe('deadlines', () => {
  it('name the component that is not ready in time, and stop all', async () => {
    const [a, b] = [new Puppet('a'), new Puppet('b', false)];
    const { lifecycle, clock, states } = setUp([part(a), { runnable: b, startDeadlineMs: 500 }]);
    const start = lifecycle.start();
    await settled();
    clock.advance(499);
    expect(states()).toEqual({ a: 'ready', b: 'starting' });
    clock.advance(1);
    const refusal = expect(start).rejects.toMatchObject({
      code: 'ERR_LIFECYCLE_START_TIMEOUT',
      message: 'Component "b" was not ready within 500 ms',
    });
    await settled();
    b.ready(); // too late
    await refusal;
    expect([states(), clock.pending]).toEqual([{ a: 'stopped', b: 'failed' }, 0]);
  });

  it('name all that do not stop in time, and stop the others', async () => {
    const [a, b, c] = puppets('a', 'b', 'c') as [Puppet, Puppet, Puppet];
    a.isObedient = c.isObedient = false;
    const { lifecycle, clock, states } = setUp([
      { runnable: a, stopDeadlineMs: 50 },
      part(b),
      { runnable: c, stopDeadlineMs: 70 },
    ]);
    await lifecycle.start();
    const stop = lifecycle.stop();
    await settled();
    clock.advance(70);
    await settled();
    expect(states()).toEqual({ a: 'stopping', b: 'stopped', c: 'failed' });
    clock.advance(50);
    await expect(stop).rejects.toMatchObject({
      code: 'ERR_LIFECYCLE_STOP_TIMEOUT',
      message: 'Did not stop within the deadline: "c", "a"; whatever they hold is still taken',
    });
    c.fail(new Error('late'));
    a.end();
    await settled();
    expect([states(), lifecycle.isHealthy()]).toEqual([{ a: 'failed', b: 'stopped', c: 'failed' }, false]);
  });

  it('are none when longer than any timer, which would go off at once', async () => {
    const a = new Puppet('a', false);
    const { lifecycle, clock } = setUp([{ runnable: a, startDeadlineMs: 2 ** 31, stopDeadlineMs: 2 ** 31 }]);
    const start = lifecycle.start();
    expect(clock.pending).toBe(0);
    a.ready();
    await start;
    await lifecycle.stop();
  });

  it('can be absent', async () => {
    const a = new Puppet('a', false);
    const { lifecycle, clock } = setUp([{ runnable: a, startDeadlineMs: Infinity, stopDeadlineMs: Infinity }]);
    const start = lifecycle.start();
    expect(clock.pending).toBe(0);
    a.ready();
    await start;
    const stop = lifecycle.stop();
    expect(clock.pending).toBe(0);
    await stop;
  });
});

describe('stopping early', () => {
  it('during a start stops what has started, and the start says so', async () => {
    const [a, b, c] = [new Puppet('a'), new Puppet('b', false), new Puppet('c')];
    const { lifecycle, states, clock } = setUp([part(a), part(b), part(c)]);
    const start = lifecycle.start();
    await settled();
    const stops = [lifecycle.stop(), lifecycle.stop()];
    b.ready(); // after the abort
    await expect(start).rejects.toMatchObject({ code: 'ERR_LIFECYCLE_STOPPED' });
    await Promise.all(stops);
    expect([states(), clock.pending]).toEqual([{ a: 'stopped', b: 'stopped', c: 'waiting' }, 0]);
  });

  it('before a start leaves nothing to start', async () => {
    const a = new Puppet('a');
    const { lifecycle } = setUp([part(a)]);
    await lifecycle.stop();
    await expect(lifecycle.start()).rejects.toMatchObject({ code: 'ERR_LIFECYCLE_STARTED' });
    expect(a.runs).toBe(0);
  });

  it('by the signal of run is no error, at any time', async () => {
    for (const when of ['before', 'during', 'after'] as const) {
      const a = new Puppet('a', when === 'after');
      const { lifecycle, states } = setUp([part(a)]);
      const controller = new AbortController();
      if (when === 'before') controller.abort();
      const run = lifecycle.run(controller.signal);
      await settled();
      controller.abort();
      await run;
      expect(states()).toEqual({ a: when === 'before' ? 'waiting' : 'stopped' });
    }
  });
});

describe('leadership', () => {
  it('starts and stops the components for leaders, again and again', async () => {
    const [a, b, c] = puppets('a', 'b', 'c') as [Puppet, Puppet, Puppet];
    const { lifecycle, log, states } = setUp([leading(c, 'b'), leading(b, 'a'), part(a)]);
    await lifecycle.start();
    expect([states(), lifecycle.isReady()]).toEqual([{ a: 'ready', b: 'waiting', c: 'waiting' }, true]);
    log.length = 0;
    for (const round of [1, 2, 3]) {
      await lifecycle.gainLeadership();
      expect([states(), b.runs]).toEqual([{ a: 'ready', b: 'ready', c: 'ready' }, round]);
      await lifecycle.loseLeadership();
      expect([states(), lifecycle.isReady()]).toEqual([{ a: 'ready', b: 'stopped', c: 'stopped' }, true]);
    }
    const round = [
      'b starting',
      'b ready',
      'c starting',
      'c ready',
      'c stopping',
      'c stopped',
      'b stopping',
      'b stopped',
    ];
    expect(log).toEqual([...round, ...round, ...round]);
    await lifecycle.stop();
  });

  it('gained before the start counts once the others are ready', async () => {
    const [a, b] = [new Puppet('a', false), new Puppet('b')];
    const { lifecycle, states } = setUp([leading(b), part(a)]);
    const gain = lifecycle.gainLeadership();
    const start = lifecycle.start();
    await settled();
    expect(states()).toEqual({ a: 'starting', b: 'waiting' });
    a.ready();
    await Promise.all([start, gain]);
    expect(states()).toEqual({ a: 'ready', b: 'ready' });
    await lifecycle.stop();
  });

  it('may flap while components start and stop', async () => {
    const a = new Puppet('a', false);
    const { lifecycle, states } = setUp([leading(a)]);
    await lifecycle.start();
    const gain = lifecycle.gainLeadership();
    const lose = lifecycle.loseLeadership();
    await Promise.all([gain, lose]);
    expect([states(), a.runs]).toEqual([{ a: 'stopped' }, 1]);
    const late = a.ready;
    a.isObedient = false;
    const second = lifecycle.gainLeadership();
    await settled();
    late(); // of the first run
    expect(states()).toEqual({ a: 'starting' });
    const end = a.end;
    const lost = lifecycle.loseLeadership();
    const third = lifecycle.gainLeadership();
    await Promise.all([lost, settled()]);
    expect([states(), a.runs]).toEqual([{ a: 'starting' }, 2]); // it never noticed
    a.ready();
    await Promise.all([second, third]);
    const finallyLost = lifecycle.loseLeadership();
    await settled();
    end();
    await finallyLost;
    expect(states()).toEqual({ a: 'stopped' });
    await lifecycle.stop();
  });

  it('ends all when a component does not let go of it', async () => {
    const [a, b] = puppets('a', 'b') as [Puppet, Puppet];
    b.isObedient = false;
    const { lifecycle, clock, states } = setUp([part(a), leading(b)]);
    const run = lifecycle.run(new AbortController().signal);
    await lifecycle.gainLeadership();
    const lose = lifecycle.loseLeadership();
    await settled();
    clock.advance(10_000);
    await lose;
    await expect(run).rejects.toMatchObject({ code: 'ERR_LIFECYCLE_STOP_TIMEOUT' });
    expect(states()).toEqual({ a: 'stopped', b: 'failed' });
    await lifecycle.gainLeadership(); // too late, and no reason to wait
    expect(b.runs).toBe(1);
  });

  it('can be lost by a component that is itself being stopped', async () => {
    const elector: Runnable = {
      name: 'elector',
      async run(signal, ready) {
        void lifecycle.gainLeadership();
        ready();
        await untilAborted(signal);
        await lifecycle.loseLeadership();
      },
    };
    const { lifecycle, log } = setUp([leading(new Puppet('writer')), part(elector)]);
    await lifecycle.start();
    await settled();
    log.length = 0;
    await lifecycle.stop();
    expect(log).toEqual(['writer stopping', 'writer stopped', 'elector stopping', 'elector stopped']);
  });
});

describe('status', () => {
  it('says since when, and survives a listener that throws', async () => {
    const errors: string[] = [];
    const logger = { ...silentLogger, error: (_: unknown, message: string) => void errors.push(message) };
    const a = new Puppet('a', false);
    const onStateChange = (): never => {
      throw new Error('listener');
    };
    const { lifecycle, clock } = setUp([part(a)], { logger, onStateChange });
    clock.advance(5);
    const start = lifecycle.start();
    clock.advance(7);
    expect(lifecycle.status()).toEqual([{ name: 'a', state: 'starting', since: new Date(5) }]);
    a.ready();
    await start;
    expect(lifecycle.status()).toEqual([{ name: 'a', state: 'ready', since: new Date(12) }]);
    expect(errors).toEqual(['Listener to changes of state threw', 'Listener to changes of state threw']);
    await lifecycle.stop();
  });

  it('follows the system clock by default, whose timers do not outlive the need', async () => {
    const lifecycle = new Lifecycle({
      components: [part(new Puppet('a')), { runnable: new Puppet('b'), startDeadlineMs: 1 }],
    });
    const before = Date.now();
    await lifecycle.start();
    expect(lifecycle.status()[0]?.since.getTime()).toBeGreaterThanOrEqual(before);
    await lifecycle.stop();
  });

  it('applies the deadline by the system clock, too', async () => {
    const lifecycle = new Lifecycle({ components: [{ runnable: new Puppet('a', false), startDeadlineMs: 1 }] });
    await expect(lifecycle.start()).rejects.toMatchObject({ code: 'ERR_LIFECYCLE_START_TIMEOUT' });
  });
});

describe('untilAborted', () => {
  it('resolves on the abort, also when that was before', async () => {
    const controller = new AbortController();
    let isOver = false;
    const wait = untilAborted(controller.signal).then(() => (isOver = true));
    await settled();
    expect(isOver).toBe(false);
    controller.abort();
    await wait;
    await untilAborted(controller.signal);
  });
});
