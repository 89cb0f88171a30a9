import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerBinaries, RealApiServer } from '@koko/api-server';
import type { RealApiServerOptions } from '@koko/api-server';
import type { Manifest } from './helm.ts';

const binaries = findServerBinaries(process.env);
const kubectl = join(binaries ?? '', 'kubectl');

/** Why the tests with the real API server cannot be run, if so. */
export const withoutCluster =
  binaries === undefined || !existsSync(kubectl)
    ? 'there is no real API server with kubectl; `npm run build-real` in tools/api-server makes it'
    : undefined;

/** Runs kubectl without a cluster. */
export function offlineKubectl(...argv: readonly string[]): string {
  return execFileSync(kubectl, argv, { encoding: 'utf8', env: { HOME: tmpdir() } });
}

/** The real API server, with kubectl in front of it. */
export class RealCluster {
  readonly server: RealApiServer;
  readonly #folder: string;

  constructor(options: Omit<RealApiServerOptions, 'binaries'> = {}) {
    this.server = new RealApiServer({ binaries: binaries ?? '', ...options });
    this.#folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  }

  /** A kubeconfig with all rights. */
  get kubeconfig(): string {
    return join(this.#folder, 'kubeconfig');
  }

  async start(): Promise<void> {
    await this.server.start();
    writeFileSync(this.kubeconfig, this.server.kubeconfig(), { mode: 0o600 });
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** @throws With what kubectl said. */
  kubectl(argv: readonly string[], input?: string): string {
    const env = { HOME: this.#folder, KUBECONFIG: this.kubeconfig };
    try {
      return execFileSync(kubectl, argv, {
        encoding: 'utf8',
        env,
        input: input ?? '',
        stdio: ['pipe', 'pipe', 'pipe'],
      });
    } catch (error) {
      throw new Error(String((error as { stderr?: unknown }).stderr), { cause: error }); // of execFileSync
    }
  }

  /** Applies objects as the server would have them. */
  apply(objects: readonly object[], ...argv: readonly string[]): string {
    return this.kubectl(['apply', '--server-side', '--validate=strict', ...argv, '-f', '-'], asList(objects));
  }

  /** What the server has: one object, or a list. */
  get(...argv: readonly string[]): Manifest {
    return JSON.parse(this.kubectl(['get', '-o', 'json', ...argv])) as Manifest; // kubectl writes nothing else
  }
}

function asList(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
