import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, delimiter } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { wallClockMs } from '../wall-clock.ts';
import { processMemory } from './process-memory.ts';
import type { ProcessMemory } from './process-memory.ts';
import { processCpuMs, waitedForCoreMs } from './process-times.ts';

const IIC = fileURLToPath(new URL('../../../../apps/iic/bin/iic.mjs', import.meta.url));
const START_TIMEOUT_MS = 180_000;
const STOP_TIMEOUT_MS = 15_000;
const KEPT_LINES = 20;

/** What the log has said of the start; milliseconds since 1970. */
export interface StartTimes {
  readonly startedAt: number;
  /** Every list is in. */
  readonly listsInAt: number;
  /** The first complete configuration is served. */
  readonly readyAt: number;
  /** In that configuration; tells whether all was translated. */
  readonly entities: number;
}

export interface ControllerProcessOptions {
  readonly kubeconfig: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Instead of the checkout's `bin/iic.mjs`: another, or a bundle, which gets the same flags of V8. */
  readonly program: string | undefined;
}

interface LogLine {
  readonly time?: number;
  readonly msg?: string;
  readonly component?: string;
  readonly state?: string;
  readonly dataPlanes?: number;
  readonly health?: number;
  readonly entities?: number;
}

/** `iic run`, started as users start it: through its executable, whose first line sets the flags of V8. */
export class ControllerProcess {
  readonly #child: ChildProcess;
  readonly #startedAt: number;
  readonly #ready = Promise.withResolvers<LogLine>();
  readonly #ended: Promise<void>;
  readonly #lastLines: string[] = [];
  #listsInAt: number | undefined;
  #readyLine: LogLine = {};

  constructor({ kubeconfig, certificateFile, keyFile, program = IIC }: ControllerProcessOptions) {
    const flags = {
      kubeconfig,
      'data-plane-certificate': certificateFile,
      'data-plane-key': keyFile,
      'data-plane-host': '127.0.0.1',
      'data-plane-port': '0',
      'health-host': '127.0.0.1',
      'health-port': '0',
      'log-format': 'json',
      'election-namespace': 'default',
      'publish-status-address': '192.0.2.1',
    };
    const argv = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    const ownSettings = Object.entries(process.env).filter(([name]) => !/^(IIC_|KUBECONFIG$|NODE_OPTIONS$)/.test(name));
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`; // so that `env node` finds the pinned one
    this.#startedAt = wallClockMs();
    const [file, ...leading] = commandOf(program);
    this.#child = spawn(file, [...leading, 'run', ...argv], {
      env: { ...Object.fromEntries(ownSettings), PATH: path },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    process.once('exit', this.#killWithUs);
    this.#ready.promise.catch(() => {}); // it may fail before anybody waits
    this.#ended = this.#end();
    if (this.#child.stderr !== null) createInterface(this.#child.stderr).on('line', (line) => this.#read(line));
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new TypeError('Cannot tell the id of a process that did not start');
    return this.#child.pid;
  }

  /** Known once ready. */
  get dataPlanePort(): number {
    return this.#readyLine.dataPlanes ?? 0;
  }

  /** Settles once the first complete configuration is served. */
  async ready(signal: AbortSignal): Promise<StartTimes> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(limit.reason);
    limit.addEventListener('abort', abort, { once: true });
    try {
      const { time = Number.NaN, entities = 0 } = await Promise.race([this.#ready.promise, aborted.promise]);
      return { startedAt: this.#startedAt, listsInAt: this.#listsInAt ?? Number.NaN, readyAt: time, entities };
    } finally {
      limit.removeEventListener('abort', abort);
    }
  }

  memory(): Promise<ProcessMemory> {
    return processMemory(this.pid);
  }

  cpuMs(): Promise<number> {
    return processCpuMs(this.pid);
  }

  waitedForCoreMs(): Promise<number> {
    return waitedForCoreMs(this.pid);
  }

  /** A metric as it stands, e.g. `iic_payload_bytes`; NaN when there is none of that name and labels. */
  async metric(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.#readyLine.health}/metrics`);
    const line = (await answer.text()).split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length));
  }

  /** The end of its log, for people who look for the cause of a failure. */
  get lastLines(): string {
    return `The last lines of iic:\n${this.#lastLines.join('\n')}\n`;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const limit = setTimeout(this.#killWithUs, STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(limit);
  }

  readonly #killWithUs = (): void => void this.#child.kill('SIGKILL');

  #read(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift();
    const { time, msg, component, state, ...rest } = parseLine(line);
    if (component === 'cluster' && state === 'ready') this.#listsInAt ??= time;
    if (msg?.startsWith('IIC is ready') !== true) return;
    this.#readyLine = { ...rest, ...(time === undefined ? {} : { time }) };
    this.#ready.resolve(this.#readyLine);
  }

  async #end(): Promise<void> {
    let how: string;
    try {
      const [code, signal] = await once(this.#child, 'exit');
      how = String(signal ?? code);
    } catch (error) {
      how = String(error);
    }
    process.off('exit', this.#killWithUs);
    const message = `iic ended (${how}). ${this.lastLines}`;
    this.#ready.reject(new Error(message));
  }
}

/** A program with a first line that says how to run it is run so; else by Node.js, with the flags that users get. */
function commandOf(program: string): readonly [file: string, ...argv: string[]] {
  const shebang = /^#!.* node (.*)$/m;
  if (shebang.test(firstLine(program))) return [program];
  const flags = shebang.exec(firstLine(IIC))?.[1]?.split(' ') ?? [];
  return [process.execPath, ...flags, program];
}

function firstLine(file: string): string {
  return readFileSync(file, 'utf8').split('\n', 1)[0] ?? '';
}

function parseLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine; // what iic logs; lines of others have none of these fields
  } catch {
    return {};
  }
}
