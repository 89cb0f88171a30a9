import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { generateCertificatePair } from 'iic';
import { ClusterClient } from '../src/cluster-client.ts';
import { ingressOf, namespaceObject, serviceOf, shopsIn, sliceOf } from '../src/shop-objects.ts';
import { until } from '../src/until.ts';
import { describeOnBothServers } from './both-servers.ts';
import type { AnyApiServer } from './both-servers.ts';
import { Replica } from './replica.ts';
import { handovers, leaderWrites, writesOutOfTurn } from './writers.ts';

const NAMES = ['replica-a', 'replica-b', 'replica-c'];
const SKEWS_MS = [3_600_000, -3_600_000, 0];
const NAMESPACE = 'shop';
const LEASE_MS = 4000;
const TAKEOVER_WITHIN_MS = LEASE_MS + 2000;
const WAIT_MS = 30_000;
const TIMEOUT_MS = 120_000;
const flags = [
  `--lease-duration-seconds=${LEASE_MS / 1000}`,
  '--renew-deadline-seconds=3',
  '--retry-period-seconds=1',
  '--publish-status-address=192.0.2.1',
];

describeOnBothServers('three replicas, whose clocks are an hour apart', (kind) => {
  const takeovers: string[] = [];
  let folder: string;
  let server: AnyApiServer;
  let client: ClusterClient;
  let replicas: readonly Replica[] = [];
  let traffic: Traffic;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cluster-replicas-'));
    server = kind.create(NAMES);
    await server.start();
    client = await ClusterClient.connect(server.kubeconfig(), new AbortController().signal);
    await client.create(namespaceObject(NAMESPACE));
    await client.forEach(await shopsIn(NAMESPACE, 20), (object) => client.create(object));
    const certificate = await generateCertificatePair();
    await writeFile(join(folder, 'cluster.crt'), certificate.certificate);
    await writeFile(join(folder, 'cluster.key'), certificate.key, { mode: 0o600 });
    const start = (name: string, index: number): Promise<Replica> =>
      Replica.start({ name, server, folder, certificate, flags, skewMs: SKEWS_MS[index] ?? 0 });
    replicas = await Promise.all(NAMES.map(start));
    await until(() => (leaderName() === '' ? 'nobody leads' : undefined), WAIT_MS);
    traffic = new Traffic(client);
    traffic.resume();
  }, TIMEOUT_MS);

  afterAll(async () => {
    await traffic.pause();
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
    client.close();
    await server.stop();
    await rm(folder, { recursive: true });
    process.stdout.write(`Takeovers (${kind.name}; lease of ${LEASE_MS} ms):\n${takeovers.join('\n')}\n`);
  }, TIMEOUT_MS);

  const running = (): readonly Replica[] => replicas.filter((replica) => !replica.hasEnded);
  const leaderName = (): string => handovers(replicaChanges()).at(-1)?.to ?? '';
  const replicaChanges = () => kind.changes(server).filter(({ user }) => NAMES.includes(user));
  const names = new Set(NAMES);

  function leader(): Replica {
    const found = replicas.find(({ name }) => name === leaderName());
    if (found === undefined) throw new TypeError('Nobody leads');
    return found;
  }

  /** Does something to the leader, and waits until another replica holds the Lease and writes. */
  async function takeOver(what: string, strike: (leader: Replica) => unknown): Promise<Replica> {
    const former = leader();
    const startedAt = Date.now();
    await strike(former);
    await until(() => (leaderName() === former.name ? `${former.name} still leads` : undefined), TAKEOVER_WITHIN_MS);
    takeovers.push(`  ${what}: ${(handovers(replicaChanges()).at(-1)?.time ?? 0) - startedAt} ms`);
    await untilWrites(leader());
    return former;
  }

  async function untilWrites({ name, log }: Replica): Promise<void> {
    const writes = (): number => leaderWrites(kind.changes(server), new Set([name])).length;
    const before = writes();
    await until(() => (writes() > before ? undefined : `${name} writes nothing:\n${log}`), WAIT_MS);
  }

  /** Changes rest meanwhile. */
  async function untilAllServeTheSame(): Promise<void> {
    await traffic.pause();
    await until(async () => {
      const statuses = await Promise.all(running().map((replica) => replica.status()));
      const served = statuses.map(({ configHash }) => configHash);
      const hashes = [...served, ...running().map(({ dataPlaneHash }) => dataPlaneHash)];
      return new Set(hashes).size === 1 ? undefined : `hashes differ: ${hashes.join(' ')}`;
    }, WAIT_MS);
    traffic.resume();
  }

  it(
    'serve the same, and only one of them writes',
    async () => {
      await untilWrites(leader());
      await untilAllServeTheSame();
      const statuses = await Promise.all(replicas.map((replica) => replica.status()));
      expect(statuses.filter(({ isLeading }) => isLeading)).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it(
    'have another leader soon when the leader is cut off, which follows them when it is back',
    async () => {
      const cut = await takeOver('leader cut off', ({ proxy }) => proxy.cut());
      cut.proxy.mend();
      await untilAllServeTheSame();
      expect((await cut.status()).isLeading).toBe(false);
    },
    TIMEOUT_MS,
  );

  it(
    'have another leader soon when the leader is halted, which does not go on as one when it is woken',
    async () => {
      const halted = await takeOver('leader halted', (replica) => replica.halt(true));
      halted.halt(false);
      await until(async () => ((await halted.status()).isLeading ? 'it still leads' : undefined), WAIT_MS);
      await untilAllServeTheSame();
      await untilWrites(leader());
    },
    TIMEOUT_MS,
  );

  it(
    'have another leader soon when the leader is killed',
    async () => {
      await takeOver('leader killed', (replica) => replica.end('SIGKILL'));
      await untilAllServeTheSame();
      expect(running()).toHaveLength(2);
    },
    TIMEOUT_MS,
  );

  it(
    'have another leader at once when the leader is stopped in order',
    async () => {
      await takeOver('leader stopped in order', (replica) => replica.end('SIGTERM'));
      expect(running()).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  it('never had two that wrote', () => {
    const changes = replicaChanges();
    expect(leaderWrites(changes, names).length).toBeGreaterThan(20);
    expect(handovers(changes).length).toBeGreaterThanOrEqual(5);
    expect(writesOutOfTurn(changes, names)).toEqual([]);
  });
});

/** Something to write about all the time: new Ingresses, and one that is broken and repaired in turn. */
class Traffic {
  readonly #client: ClusterClient;
  #isPaused = false;
  #running: Promise<void> = Promise.resolve();
  #number = 100;

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  resume(): void {
    this.#isPaused = false;
    this.#running = this.#run();
  }

  /** Settles when the last change was made. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isPaused) {
      const number = (this.#number += 1);
      const shop = { namespace: NAMESPACE, number };
      await this.#client.create(serviceOf(shop));
      await this.#client.create(sliceOf(shop));
      await this.#client.create(withoutTls(ingressOf(shop)));
      const path = number % 2 === 0 ? '/' : '/~(';
      await this.#client.apply(withoutTls(ingressOf({ namespace: NAMESPACE, number: 50 }, { path })));
      await new Promise((resolve) => setTimeout(resolve, 100)); // as fast as somebody with many scripts
    }
  }
}

function withoutTls(ingress: ReturnType<typeof ingressOf>): ReturnType<typeof ingressOf> {
  const { tls: _tls, ...spec } = ingress['spec'] as Readonly<Record<string, unknown>>; // just made
  return { ...ingress, spec };
}
