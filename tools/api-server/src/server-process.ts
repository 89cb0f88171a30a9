import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { killWithUs } from './watchdog.ts';
import type { ChildProcess } from 'node:child_process';

const KILL_AFTER_MS = 10_000;
const KEPT_OUTPUT = 4000;

/** A program that runs until it is stopped. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<void>;
  readonly #onFailure: (failure: string) => void;
  readonly #callOffWatchdog: () => void;
  #output = '';
  #failure: string | undefined;
  #isStopping = false;

  /** @param onFailure Called when the process ends without having been asked to. */
  constructor(file: string, argv: readonly string[], onFailure: (failure: string) => void) {
    this.#onFailure = onFailure;
    this.#name = basename(file);
    this.#child = spawn(file, [...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on(
      'data',
      (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT)),
    );
    // A server must not outlive whoever started it.
    this.#callOffWatchdog = this.#child.pid === undefined ? () => undefined : killWithUs(this.#child.pid);
    this.#ended = this.#end();
  }

  /** Why the process is not running; undefined while it is. */
  get failure(): string | undefined {
    return this.#failure;
  }

  async #end(): Promise<void> {
    try {
      const [code, signal]: unknown[] = await once(this.#child, 'exit');
      this.#failure = `${this.#name} ended (${String(signal ?? code)}); it said last:\n${this.#output}`;
    } catch (error) {
      this.#failure = `Cannot start ${this.#name}: ${String(error)}`;
    } finally {
      this.#callOffWatchdog();
      if (!this.#isStopping && this.#failure !== undefined) this.#onFailure(this.#failure);
    }
  }

  /** Asks the process to end, and makes it end when it does not. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#isStopping = true;
    this.#child.kill(signal);
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.#ended;
    clearTimeout(limit);
  }
}
