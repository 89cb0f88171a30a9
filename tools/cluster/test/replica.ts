import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { SimulatedDataPlane } from '@koko/data-plane';
import { until } from '../src/until.ts';
import type { AnyApiServer } from './both-servers.ts';
import { SeverableProxy } from './severable-proxy.ts';

const PROGRAM = resolve(import.meta.dirname, '../../../apps/iic/bin/iic.mjs');
const READY_WITHIN_MS = 60_000;
const KEPT_LINES = 200;

export interface ReplicaOptions {
  /** Also the user as whom it asks. */
  readonly name: string;
  readonly server: AnyApiServer;
  /** Holds `cluster.crt` and `cluster.key`. */
  readonly folder: string;
  readonly certificate: { readonly certificate: string; readonly key: string };
  /** How wrong its clock goes. */
  readonly skewMs: number;
  readonly flags: readonly string[];
}

/** `iic run` as a process of its own, on a connection that can be cut, with a data plane. */
export class Replica {
  readonly name: string;
  readonly proxy: SeverableProxy;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #stop = new AbortController();
  #ports: { readonly dataPlanes: number; readonly health: number } | undefined;
  /** What its data plane runs. */
  dataPlaneHash = '';

  static async start(options: ReplicaOptions): Promise<Replica> {
    const { name, server, folder } = options;
    const proxy = await SeverableProxy.to(server.url);
    const kubeconfig = join(folder, `${name}.kubeconfig`);
    const url = Object.assign(new URL(server.url), { port: String(proxy.port) });
    await writeFile(kubeconfig, server.kubeconfig({ user: name, url: url.href.replace(/\/$/, '') }), { mode: 0o600 });
    const replica = new Replica(options, proxy, kubeconfig);
    await replica.#untilReady();
    replica.#connectDataPlane(options);
    return replica;
  }

  private constructor({ name, folder, skewMs, flags }: ReplicaOptions, proxy: SeverableProxy, kubeconfig: string) {
    this.name = name;
    this.proxy = proxy;
    const preload = resolve(import.meta.dirname, 'skewed-clock.mjs');
    const certificate = ['--data-plane-certificate', join(folder, 'cluster.crt')];
    const key = ['--data-plane-key', join(folder, 'cluster.key')];
    const ports = [
      '--data-plane-host',
      '127.0.0.1',
      '--data-plane-port',
      '0',
      '--health-host',
      '127.0.0.1',
      '--health-port',
      '0',
    ];
    const argv = [
      'run',
      '--kubeconfig',
      kubeconfig,
      ...certificate,
      ...key,
      ...ports,
      '--log-format',
      'json',
      ...flags,
    ];
    this.#child = spawn(process.execPath, ['--conditions=@koko/source', '--import', preload, PROGRAM, ...argv], {
      env: { PATH: process.env['PATH'], SKEW_MS: String(skewMs), POD_NAME: name },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#heard(line));
  }

  /** The last lines of its log, for those who wonder. */
  get log(): string {
    return this.#lines.slice(-30).join('\n');
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async status(): Promise<{ readonly configHash: string; readonly isLeading: boolean }> {
    const response = await fetch(`http://127.0.0.1:${this.#ports?.health ?? 0}/status`);
    return (await response.json()) as { configHash: string; isLeading: boolean }; // the answer of our own server
  }

  /** Takes its processor away, and with `false` gives it back, as a machine does that is short of them. */
  halt(isHalted: boolean): void {
    this.#child.kill(isHalted ? 'SIGSTOP' : 'SIGCONT');
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#stop.abort();
    const ended = once(this.#child, 'exit');
    if (!this.hasEnded && this.#child.kill(signal)) await ended;
    await this.proxy.close();
  }

  #heard(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    if (line.startsWith('{') && line.includes('IIC is ready')) this.#ports = JSON.parse(line);
  }

  async #untilReady(): Promise<void> {
    await until(() => {
      if (this.hasEnded) throw new Error(`${this.name} has ended:\n${this.log}`);
      return this.#ports === undefined ? `${this.name} is not ready:\n${this.log}` : undefined;
    }, READY_WITHIN_MS);
  }

  #connectDataPlane({ certificate }: ReplicaOptions): void {
    const dataPlane = new SimulatedDataPlane({
      controlPlane: `wss://127.0.0.1:${this.#ports?.dataPlanes ?? 0}`,
      protocol: 'v1', // calls of wRPC carry a deadline by the wall clock, so the other side's must not be an hour off
      certificate: certificate.certificate,
      key: certificate.key,
      reconnectDelay: { minMs: 100, maxMs: 200 },
      onEvent: (event) => {
        if (event.event === 'configured') this.dataPlaneHash = event.hash;
      },
    });
    void dataPlane.run(this.#stop.signal, () => undefined);
  }
}
