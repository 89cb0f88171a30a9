import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, untilAborted } from '@koko/lifecycle';
import { Accounts } from './accounts.ts';
import { auditPolicy, readAuditLog } from './audit-log.ts';
import { kubeconfigYaml } from './kubeconfig.ts';
import { NamespaceFinalizer } from './namespace-finalizer.ts';
import { ServerClient } from './server-client.ts';
import { ServerProcess } from './server-process.ts';
import type { Runnable } from '@koko/lifecycle';
import type { AuditedRequest } from './audit-log.ts';
import type { KubeconfigRequest } from './kubeconfig.ts';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';
const READY_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 100;

/** What the real server is started from. */
export interface RealApiServerOptions {
  /** Folder with `kube-apiserver` and `etcd`, as `findServerBinaries` gives it. */
  readonly binaries: string;
  /** Without or 0: any free port. */
  readonly port?: number;
  /** Names of users with all rights, each with a kubeconfig of its own. */
  readonly users?: readonly string[];
  /** Writes down every request that changes something, for `auditedRequests`. */
  readonly isAudited?: boolean;
  /** With `isAudited`: writes down all that this user asks, reads and ended watches, too, and nothing of the others. */
  readonly auditedUser?: string;
  /** Whether it sends lists as streams to those who ask for it, as servers before 1.32 do not; true if left out. */
  readonly streamsLists?: boolean;
  /**
   * Whether namespaces that are deleted go, with their content, as by the controller manager, which does not run here;
   * true if left out.
   */
  readonly finalizesNamespaces?: boolean;
}

/** Has all rights; the server's own requests are made under this name, too. */
const ADMINISTRATOR = 'admin';

interface Ports {
  readonly server: number;
  readonly etcd: number;
  readonly peer: number;
}

/** The real kube-apiserver with its etcd, as two processes on loopback whose data is gone when they stop. */
export class RealApiServer implements Runnable {
  readonly name = 'real-api-server';
  readonly #options: RealApiServerOptions;
  readonly #accounts: Accounts;
  readonly #client: ServerClient;
  #folder: string | undefined;
  #ports: Ports | undefined;
  #etcd: ServerProcess | undefined;
  #server: ServerProcess | undefined;
  #controllers: { readonly stop: AbortController; readonly running: Promise<void> } | undefined;
  #onFailure: (failure: string) => void = () => undefined;

  constructor(options: RealApiServerOptions) {
    this.#options = options;
    this.#accounts = new Accounts([], [ADMINISTRATOR, ...(options.users ?? [])]);
    this.#client = new ServerClient(() => ({
      url: this.url,
      token: this.#accounts.tokenOf(ADMINISTRATOR),
      certificateAuthority: this.#certificate(),
    }));
  }

  /** Where it listens; known once it has started. */
  get url(): string {
    return `https://${HOST}:${this.#started().ports.server}`;
  }

  /** A kubeconfig (YAML) with all rights: of a user, or of the administrator. */
  kubeconfig({ user = ADMINISTRATOR, url = this.url }: KubeconfigRequest = {}): string {
    const token = this.#accounts.tokenOf(user);
    return kubeconfigYaml({ url, token, certificateAuthority: this.#certificate() });
  }

  /** Every request so far that changed something, or all of `auditedUser`, oldest first; none unless `isAudited`. */
  auditedRequests(): readonly AuditedRequest[] {
    return readAuditLog(join(this.#started().folder, 'audit.log'));
  }

  /** The server's certificate (PEM), made by itself, for clients that speak https without a kubeconfig. */
  #certificate(): string {
    return readFileSync(join(this.#started().folder, 'certificates', 'apiserver.crt'), 'utf8');
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const failed = Promise.withResolvers<string>();
    await this.start(signal);
    this.#onFailure = failed.resolve;
    try {
      ready();
      const failure = await Promise.race([untilAborted(signal), failed.promise]);
      if (typeof failure === 'string') throw new Error(`Cannot go on serving: ${failure}`);
    } finally {
      this.#onFailure = () => undefined;
      await this.stop();
    }
  }

  /** Starts both programs and waits until the API server is ready. */
  async start(signal?: AbortSignal): Promise<void> {
    if (this.#folder !== undefined) throw new TypeError('Cannot start the real API server: it runs already');
    this.#folder = mkdtempSync(join(tmpdir(), 'real-api-server-'));
    try {
      const [server = 0, etcd = 0, peer = 0] = await freePorts(3);
      this.#ports = { server: this.#options.port || server, etcd, peer };
      this.#writeFiles(this.#folder);
      this.#startEtcd();
      await this.#startServer(signal);
      if (this.#options.finalizesNamespaces !== false) this.#startControllers();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends both programs and deletes their data. */
  async stop(): Promise<void> {
    this.#controllers?.stop.abort();
    await this.#controllers?.running;
    this.#controllers = undefined;
    this.#client.close();
    await this.#server?.stop();
    await this.#etcd?.stop('SIGKILL'); // its data goes with it
    this.#server = undefined;
    this.#etcd = undefined;
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  /**
   * Kills the API server and starts it again on the same port; without `keepData` on an empty etcd.
   * @param whileDown Runs between the two.
   */
  async restart({ keepData }: { readonly keepData: boolean }, whileDown?: () => Promise<void>): Promise<void> {
    const { folder } = this.#started();
    await this.#server?.stop('SIGKILL');
    if (!keepData) {
      await this.#etcd?.stop('SIGKILL');
      rmSync(join(folder, 'etcd'), { recursive: true, force: true });
      this.#startEtcd();
    }
    await whileDown?.();
    await this.#startServer();
  }

  #started(): { readonly folder: string; readonly ports: Ports } {
    if (this.#folder === undefined || this.#ports === undefined)
      throw new TypeError('Cannot use the real API server: it has not been started');
    return { folder: this.#folder, ports: this.#ports };
  }

  #writeFiles(folder: string): void {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const write = (name: string, text: string | Buffer): void =>
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    write('accounts.key', privateKey.export({ type: 'pkcs1', format: 'pem' }));
    write('accounts.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    const tokens = [...this.#accounts.users].map(([user, token]) => `${token},${user},${user},system:masters\n`);
    write('tokens.csv', tokens.join(''));
    write('audit.yaml', auditPolicy(this.#options.auditedUser));
  }

  #spawned(program: string, argv: readonly string[]): ServerProcess {
    return new ServerProcess(join(this.#options.binaries, program), argv, (failure) => this.#onFailure(failure));
  }

  #startEtcd(): void {
    const { folder, ports } = this.#started();
    const clients = `http://${HOST}:${ports.etcd}`;
    const peers = `http://${HOST}:${ports.peer}`;
    this.#etcd = this.#spawned('etcd', [
      '--name=only',
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${clients}`,
      `--advertise-client-urls=${clients}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=only=${peers}`,
      '--unsafe-no-fsync',
    ]);
  }

  async #startServer(signal?: AbortSignal): Promise<void> {
    const { folder, ports } = this.#started();
    this.#server = this.#spawned('kube-apiserver', [
      `--etcd-servers=http://${HOST}:${ports.etcd}`,
      `--bind-address=${HOST}`,
      `--advertise-address=${HOST}`,
      `--secure-port=${ports.server}`,
      `--cert-dir=${join(folder, 'certificates')}`,
      `--token-auth-file=${join(folder, 'tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${join(folder, 'accounts.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      ...(this.#options.streamsLists === false ? ['--feature-gates=WatchList=false'] : []),
      ...(this.#options.isAudited === true
        ? [`--audit-policy-file=${join(folder, 'audit.yaml')}`, `--audit-log-path=${join(folder, 'audit.log')}`]
        : []),
    ]);
    await this.#untilReady(signal);
  }

  #startControllers(): void {
    const stop = new AbortController();
    this.#controllers = { stop, running: new NamespaceFinalizer(this.#client).run(stop.signal) };
  }

  async #untilReady(signal?: AbortSignal): Promise<void> {
    const deadline = systemClock.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      const failure = this.#etcd?.failure ?? this.#server?.failure;
      if (failure !== undefined) throw new Error(`Cannot start the real API server: ${failure}`);
      if (systemClock.now() > deadline)
        throw new Error(`Cannot start the real API server: it was not ready within ${READY_WITHIN_MS} ms`);
      await pause(ASK_EVERY_MS, undefined, signal === undefined ? {} : { signal });
    }
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await this.#client.ask('GET', '/readyz', { signal: AbortSignal.timeout(5000) })).code === 200;
    } catch {
      return false; // not listening yet, or its certificate not written yet
    }
  }
}

/** Different ports, as all are held before the first is let go. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, HOST));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port); // they listen on TCP
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
