import { EventEmitter, once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { findServerBinaries } from '@koko/api-server';
import { ClusterClient } from '../src/cluster-client.ts';
import { runCommandLine } from '../src/command-line.ts';
import type { ExitCode, ProcessContext } from '../src/command-line.ts';
import { until } from '../src/until.ts';

const TIMEOUT_MS = 60_000;
const WAIT_MS = 40_000;
const binaries = findServerBinaries(process.env);
const withServer = binaries === undefined ? it.skip : it;

/** The command as a process would run it. */
class Run {
  readonly #process = new EventEmitter();
  readonly exitCode: Promise<ExitCode>;
  stdout = '';
  stderr = '';

  constructor(argv: readonly string[], env: ProcessContext['env'] = process.env) {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    stdout.on('data', (text: Buffer) => (this.stdout += text.toString()));
    stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
    const signals = this.#process;
    this.exitCode = runCommandLine(argv, {
      env,
      stdout,
      stderr,
      on: (signal, listener) => signals.on(signal, listener),
      off: (signal, listener) => signals.off(signal, listener),
    });
  }

  interrupt(): void {
    this.#process.emit('SIGINT');
  }

  async untilSaid(text: string): Promise<void> {
    await until(() => (this.stdout.includes(text) ? undefined : `it did not say "${text}": ${this.stderr}`), WAIT_MS);
  }
}

describe('npm run cluster', () => {
  it('says what to install where there is neither a server nor Go', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'cluster-command-'));
    try {
      const run = new Run([], { PATH: empty, XDG_CACHE_HOME: empty });
      expect(await run.exitCode).toBe(2);
      expect(run.stderr).toContain('install Go');
      expect(run.stderr).toContain('KUBEBUILDER_ASSETS');
    } finally {
      await rm(empty, { recursive: true });
    }
  });

  it('refuses options it does not know, and a folder without a server', async () => {
    const wrong = new Run(['--port', '70000']);
    expect(await wrong.exitCode).toBe(2);
    expect(wrong.stderr).toContain('from 0 to 65535');
    const nothing = new Run([], { KUBEBUILDER_ASSETS: '/no/such/folder' });
    expect(await nothing.exitCode).toBe(2);
    expect(nothing.stderr).toContain('/no/such/folder does not hold');
  });

  withServer(
    'starts a cluster with something to serve, tells how to use it, and leaves nothing behind',
    async () => {
      const run = new Run([]);
      await run.untilSaid('Ctrl-C ends it');
      const file = /kubeconfig, until it ends: (\S+)/.exec(run.stdout)?.[1] ?? '';
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
      const client = await ClusterClient.connect(await readFile(file, 'utf8'), new AbortController().signal);
      expect((await client.list('Ingress')).map(({ metadata }) => metadata.name)).toEqual(['web']);
      expect((await client.list('IngressClass')).map(({ metadata }) => metadata.name)).toEqual(['kong']);
      expect((await client.list('CustomResourceDefinition')).length).toBeGreaterThan(0);
      client.close();
      run.interrupt();
      expect(await run.exitCode).toBe(0);
      expect(run.stdout).toContain('The cluster is gone');
      expect(existsSync(dirname(file))).toBe(false);
    },
    TIMEOUT_MS,
  );

  withServer(
    'names a port that is taken',
    async () => {
      const taker = createServer().listen(0, '127.0.0.1');
      await once(taker, 'listening');
      const { port } = taker.address() as AddressInfo; // it listens on TCP
      const run = new Run(['--port', String(port)]);
      expect(await run.exitCode).toBe(2);
      expect(run.stderr).toBe(
        `cluster: Cannot listen on 127.0.0.1:${port}: the port is taken; choose another by --port\n`,
      );
      taker.close();
    },
    TIMEOUT_MS,
  );

  withServer(
    'can be interrupted while it starts',
    async () => {
      const run = new Run(['--no-example']);
      await run.untilSaid('Starting');
      run.interrupt();
      expect(await run.exitCode).toBe(0);
      expect(run.stderr).toBe('');
    },
    TIMEOUT_MS,
  );
});
