import type { Component, ComponentState, ComponentStatus } from './component.ts';
import { LifecycleError } from './lifecycle-error.ts';

export interface MemberHooks {
  now(): number;
  changed(member: Member): void;
  /** It ended without being asked to, or threw; its status says why. */
  failed(member: Member, error: unknown): void;
}

/** One component of a lifecycle: its present run, if any, and its state. */
export class Member {
  readonly component: Component;
  readonly #hooks: MemberHooks;
  #state: ComponentState = 'waiting';
  #since: Date;
  #error: unknown = undefined;
  /** Of the present run. */
  #controller: AbortController | undefined = undefined;
  #blame: { readonly error: unknown } | undefined = undefined;

  constructor(component: Component, hooks: MemberHooks) {
    this.component = component;
    this.#hooks = hooks;
    this.#since = new Date(hooks.now());
  }

  get name(): string {
    return this.component.runnable.name;
  }

  get state(): ComponentState {
    return this.#state;
  }

  get isLeaderOnly(): boolean {
    return this.component.leaderOnly === true;
  }

  /** Whether a run has begun that has neither settled nor been given up. */
  get isActive(): boolean {
    return this.#controller !== undefined;
  }

  get status(): ComponentStatus {
    const status = { name: this.name, state: this.#state, since: this.#since };
    return this.#error === undefined ? status : { ...status, error: this.#error };
  }

  begin(): void {
    const controller = new AbortController();
    this.#controller = controller;
    this.#enter('starting');
    void this.#supervise(controller);
  }

  abort(): void {
    this.#enter('stopping');
    this.#controller?.abort();
  }

  /** Whatever way the present run ends, it will have failed for this reason. */
  blame(error: LifecycleError): void {
    this.#blame = { error };
  }

  /** Stops waiting for a run that does not settle. */
  giveUp(error: LifecycleError): void {
    this.#controller = undefined;
    this.#enter('failed', error);
  }

  async #supervise(controller: AbortController): Promise<void> {
    const { signal } = controller;
    const ready = (): void => {
      // Late calls, and those of an earlier run, mean nothing.
      if (this.#controller === controller && this.#state === 'starting') this.#enter('ready');
    };
    try {
      await this.component.runnable.run(signal, ready);
      if (!signal.aborted) throw endedEarly(this.name);
      this.#settle(controller);
    } catch (error) {
      if (signal.aborted && isAbort(error, signal)) this.#settle(controller);
      else this.#settle(controller, { error });
    }
  }

  #settle(controller: AbortController, end?: { readonly error: unknown }): void {
    if (this.#controller !== controller) return; // given up before
    this.#controller = undefined;
    const failure = this.#blame ?? end;
    if (failure === undefined) return this.#enter('stopped');
    controller.abort(); // for whatever the run left listening
    this.#enter('failed', failure.error);
    this.#hooks.failed(this, failure.error);
  }

  #enter(state: ComponentState, error?: unknown): void {
    this.#state = state;
    this.#since = new Date(this.#hooks.now());
    this.#error = error;
    this.#hooks.changed(this);
  }
}

/** Waits that take a signal reject with its reason or an `AbortError`: the regular way to stop. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'AbortError';
}

function endedEarly(name: string): LifecycleError {
  return new LifecycleError('ERR_LIFECYCLE_ENDED_EARLY', `Component "${name}" ended without being asked to`);
}
