import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const KILL_AFTER_MS = 20_000;

/** How to start a program. */
export interface StartOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Another user, where this one may become it. */
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

/** A line of a log in JSON. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** iic as a process of its own, with its log. */
export class StartedProcess {
  readonly #child: ChildProcess;
  readonly #lines: LogLine[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #exited: Promise<Exit>;
  #hasEnded = false;

  constructor({ command, cwd, environment, uid, gid }: StartOptions) {
    const [program = '', ...argv] = command;
    const user = uid === undefined || gid === undefined ? {} : { uid, gid };
    this.#child = spawn(program, argv, { cwd, env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'], ...user });
    this.#child.on('error', ({ message }) => this.#logged(JSON.stringify({ msg: message }))); // `close` follows
    this.#exited = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        resolve({ code, signal });
        this.#hasEnded = true;
        this.#wake();
      });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#logged(line));
    }
  }

  /** All that it has written until now. */
  get log(): readonly LogLine[] {
    return this.#lines;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The first line that `matches`, come or coming. @throws When the program ends without it. */
  async logged(matches: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.#lines.find(matches);
      if (found !== undefined) return found;
      if (this.#hasEnded) throw new Error(`It ended:\n${this.#tail()}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Sends SIGTERM and waits for the end, which it brings about when it does not come. */
  async stop(): Promise<Exit> {
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), KILL_AFTER_MS);
    const exit = await this.#exited;
    clearTimeout(limit);
    return exit;
  }

  /** How it ended, or will. */
  async exited(): Promise<Exit> {
    return this.#exited;
  }

  #logged(line: string): void {
    this.#lines.push(parseLine(line));
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  #tail(): string {
    return this.#lines
      .slice(-5)
      .map((line) => JSON.stringify(line))
      .join('\n');
  }
}

function parseLine(line: string): LogLine {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === 'object' && parsed !== null ? (parsed as LogLine) : { msg: line };
  } catch {
    return { msg: line };
  }
}
