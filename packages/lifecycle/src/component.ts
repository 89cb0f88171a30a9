import type { Runnable } from './runnable.ts';

/** A runnable and how it fits in with the others. */
export interface Component {
  readonly runnable: Runnable;
  /** Names of components that must be ready before it starts, and that outlive it. */
  readonly dependsOn?: readonly string[];
  /** Runs only while this process leads. What depends on it must be so marked, too. */
  readonly leaderOnly?: boolean;
  /** How long it may take until it is ready; `Infinity` for no limit. Default: 60,000. */
  readonly startDeadlineMs?: number;
  /** How long it may take to settle once told to stop; `Infinity` for no limit. Default: 10,000. */
  readonly stopDeadlineMs?: number;
}

export type ComponentState = 'waiting' | 'starting' | 'ready' | 'stopping' | 'stopped' | 'failed';

export interface ComponentStatus {
  readonly name: string;
  readonly state: ComponentState;
  /** When it came into that state. */
  readonly since: Date;
  /** Why it failed. */
  readonly error?: unknown;
}
