import { type Clock, systemClock } from './clock.ts';
import type { Component, ComponentState, ComponentStatus } from './component.ts';
import { orderByDependence } from './dependence-order.ts';
import { LifecycleError } from './lifecycle-error.ts';
import { type Logger, silentLogger } from './logger.ts';
import { Member } from './member.ts';
import { Waiters } from './waiters.ts';

/** States worth a line in an ordinary log; what lies between them is for those who look closer. */
const SETTLED_STATES: readonly ComponentState[] = ['ready', 'stopped'];
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;
/** A longer timer would go off at once; and nobody waits for 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface LifecycleOptions {
  readonly components: readonly Component[];
  /** Default: none. */
  readonly logger?: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Told of each change of state, in order. */
  readonly onStateChange?: (status: ComponentStatus) => void;
}

/**
 * Starts components one by one in order of dependence, each once those before are ready, and stops them in reverse. One that
 * ends or throws on its own stops all the others, and that first cause is kept. A lifecycle is started once.
 */
export class Lifecycle {
  readonly #members: readonly Member[];
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #onStateChange: ((status: ComponentStatus) => void) | undefined;
  readonly #waiters = new Waiters();
  #phase: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #isLeading = false;
  #isConverging = false;
  #cause: { readonly error: unknown } | undefined = undefined;
  readonly #overran: string[] = [];

  /** @throws {LifecycleError} When names or dependences do not fit together. */
  constructor(options: LifecycleOptions) {
    const { components, logger = silentLogger, clock = systemClock, onStateChange } = options;
    this.#logger = logger;
    this.#clock = clock;
    this.#onStateChange = onStateChange;
    const hooks = {
      now: () => clock.now(),
      changed: (member: Member) => this.#changed(member),
      failed: (member: Member, error: unknown) => this.#failed(member, error),
    };
    this.#members = orderByDependence(components).map((component) => new Member(component, hooks));
  }

  /**
   * Resolves once all components are ready, those for leaders aside.
   * @throws The first cause when a component fails meanwhile, or a `LifecycleError` when `stop` comes first; by then all
   * components have stopped.
   */
  async start(): Promise<void> {
    this.#begin();
    await this.#waiters.until(() => this.#phase !== 'running' || this.#isStarted());
    if (this.#phase === 'running') return;
    await this.stop();
    throw new LifecycleError('ERR_LIFECYCLE_STOPPED', 'Cannot finish starting: the lifecycle was told to stop');
  }

  /**
   * Stops all components, in reverse; may be called at any time and more than once.
   * @throws The first cause if a component failed before or meanwhile; a `LifecycleError` naming those that did not stop in time.
   */
  async stop(): Promise<void> {
    this.#shutDown();
    await this.#waiters.until(() => this.#phase === 'stopped');
    this.#throwCause();
  }

  /**
   * Starts, waits until `signal` aborts or a component fails, and stops.
   * @throws The first cause, as `stop`.
   */
  async run(signal: AbortSignal): Promise<void> {
    const shutDown = (): void => this.#shutDown();
    if (signal.aborted) shutDown();
    else this.#begin();
    signal.addEventListener('abort', shutDown);
    try {
      await this.#waiters.until(() => this.#phase === 'stopped');
    } finally {
      signal.removeEventListener('abort', shutDown);
    }
    this.#throwCause();
  }

  /** Starts the components for leaders. Resolves once they are ready or leadership is gone; failures take the usual way. */
  async gainLeadership(): Promise<void> {
    this.#isLeading = true;
    this.#waiters.check();
    this.#converge();
    await this.#waiters.until(() => !this.#isWantedOfLeaders() || this.#leaders().every(isReady));
  }

  /** Stops the components for leaders. Resolves once none of them runs, so that another process may lead, or once this one leads again. */
  async loseLeadership(): Promise<void> {
    this.#isLeading = false;
    this.#waiters.check();
    this.#converge();
    await this.#waiters.until(() => this.#isWantedOfLeaders() || !this.#leaders().some((member) => member.isActive));
  }

  /** All components in order of dependence. */
  status(): readonly ComponentStatus[] {
    return this.#members.map((member) => member.status);
  }

  /** Whether everything that should run is ready. */
  isReady(): boolean {
    return this.#phase === 'running' && this.#members.every((member) => !this.#isWanted(member) || isReady(member));
  }

  /** Whether nothing has failed. */
  isHealthy(): boolean {
    return this.#cause === undefined && this.#overran.length === 0;
  }

  #begin(): void {
    if (this.#phase !== 'new') {
      throw new LifecycleError(
        'ERR_LIFECYCLE_STARTED',
        'Cannot start a lifecycle that was started or stopped before: make a new one',
      );
    }
    this.#phase = 'running';
    this.#converge();
  }

  #shutDown(): void {
    if (this.#phase === 'stopping' || this.#phase === 'stopped') return;
    this.#phase = 'stopping';
    this.#waiters.check();
    this.#converge();
  }

  /** Brings what runs in line with what should run, step by step; plans may change between any two steps. */
  #converge(): void {
    if (this.#isConverging || this.#phase === 'new') return;
    this.#isConverging = true;
    void this.#step();
  }

  async #step(): Promise<void> {
    for (;;) {
      const surplus = this.#members.findLast((member) => member.isActive && !this.#isWanted(member));
      const missing = this.#members.find((member) => !member.isActive && this.#isWanted(member));
      if (surplus !== undefined) await this.#stopMember(surplus);
      else if (missing !== undefined) await this.#startMember(missing);
      else break;
    }
    this.#isConverging = false;
    if (this.#phase === 'stopping') this.#phase = 'stopped';
    this.#waiters.check();
  }

  async #startMember(member: Member): Promise<void> {
    const { startDeadlineMs = START_DEADLINE_MS } = member.component;
    const deadline = this.#deadline(startDeadlineMs);
    const mustWait = (): boolean => member.state === 'starting' && this.#isWanted(member) && !deadline.isOver;
    member.begin();
    // Leadership may be lost and gained again before the wait comes back.
    while (mustWait()) await this.#waiters.until(() => !mustWait());
    deadline.cancel();
    if (member.state !== 'starting' || !this.#isWanted(member)) return;
    const message = `Component "${member.name}" was not ready within ${startDeadlineMs} ms`;
    const error = new LifecycleError('ERR_LIFECYCLE_START_TIMEOUT', message);
    member.blame(error);
    this.#failed(member, error);
  }

  async #stopMember(member: Member): Promise<void> {
    const { stopDeadlineMs = STOP_DEADLINE_MS } = member.component;
    const deadline = this.#deadline(stopDeadlineMs);
    member.abort();
    await this.#waiters.until(() => !member.isActive || deadline.isOver);
    deadline.cancel();
    if (!member.isActive) return;
    this.#overran.push(member.name);
    member.giveUp(stopTimeout([member.name]));
    this.#shutDown(); // a component for leaders that runs on must not do so for long
  }

  #deadline(delayMs: number): { isOver: boolean; cancel: () => void } {
    const deadline = { isOver: false, cancel: (): void => {} };
    if (delayMs > LONGEST_TIMER_MS) return deadline;
    deadline.cancel = this.#clock.after(delayMs, () => {
      deadline.isOver = true;
      this.#waiters.check();
    });
    return deadline;
  }

  #changed(member: Member): void {
    const { status } = member;
    const fields = { component: status.name, state: status.state };
    if (status.state === 'failed') this.#logger.error({ ...fields, err: status.error }, 'Component failed');
    else if (SETTLED_STATES.includes(status.state)) this.#logger.info(fields, `Component is ${status.state}`);
    else this.#logger.debug(fields, `Component is ${status.state}`);
    try {
      this.#onStateChange?.(status);
    } catch (error) {
      this.#logger.error({ ...fields, err: error }, 'Listener to changes of state threw');
    }
    this.#waiters.check();
  }

  #failed(member: Member, error: unknown): void {
    if (this.#cause === undefined && this.#phase === 'running') {
      this.#logger.error({ component: member.name, err: error }, 'Stopping all components, because one failed');
    }
    this.#cause ??= { error };
    this.#shutDown();
  }

  #throwCause(): void {
    if (this.#cause !== undefined) throw this.#cause.error;
    if (this.#overran.length > 0) throw stopTimeout(this.#overran);
  }

  #isStarted(): boolean {
    return this.#members.every((member) => member.isLeaderOnly || isReady(member));
  }

  #isWanted(member: Member): boolean {
    return this.#phase === 'running' && (!member.isLeaderOnly || this.#isLeading);
  }

  #isWantedOfLeaders(): boolean {
    return this.#isLeading && (this.#phase === 'running' || this.#phase === 'new');
  }

  #leaders(): readonly Member[] {
    return this.#members.filter((member) => member.isLeaderOnly);
  }
}

function isReady(member: Member): boolean {
  return member.state === 'ready';
}

function stopTimeout(names: readonly string[]): LifecycleError {
  const list = names.map((name) => `"${name}"`).join(', ');
  const message = `Did not stop within the deadline: ${list}; whatever they hold is still taken`;
  return new LifecycleError('ERR_LIFECYCLE_STOP_TIMEOUT', message);
}
