import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditedRequest } from '@koko/api-server';
import { generateCertificatePair } from 'iic';
import { StartedProcess } from '../src/started-process.ts';
import { describeRight, grantedRights, isUseOf } from './granted-rights.ts';
import type { GrantedRight } from './granted-rights.ts';
import { docker, isLeftOut, named, rendered, withoutHelm } from './helm.ts';
import type { Manifest } from './helm.ts';
import { sourceCommand } from './iic-command.ts';
import { RealCluster, withoutCluster } from './real-cluster.ts';
import { shopObjects } from './shop-objects.ts';

const skipped = isLeftOut('the rights of the ServiceAccount on the real API server', withoutHelm ?? withoutCluster);
const whereAllIs = skipped ? describe.skip : describe;
const TIMEOUT_MS = 240_000;
const USED_WITHIN_MS = 60_000;
const FORBIDDEN = 403;

/** To report on cluster-scoped objects: the API server lets no IngressClass pass in which anything could be wrong. */
const neverUsedToday = ['create events in default', 'patch events in default'];

const settings = { 'feature-gates': { KongServiceFacade: true } };
const ingressClass = { parameters: { namespace: 'shop', name: 'kong' } };
const published = { publishService: 'gateways/proxy' };

const runs: Readonly<Record<string, object>> = {
  'everywhere, with a published Service': { settings, ingressClass, status: published },
  'in one namespace, with a published Service elsewhere': {
    settings,
    ingressClass,
    status: published,
    watchNamespaces: ['shop'],
  },
  'without addresses to show': { settings, ingressClass },
  'some kinds, without writing': {
    kinds: ['Ingress', 'Service', 'EndpointSlice'],
    replicas: 1,
    status: { enabled: false },
    events: { enabled: false },
    leaderElection: { enabled: false },
  },
};

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rights-'));
});

const started = new Set<StartedProcess>();

afterEach(async () => {
  await Promise.all([...started].map(async (running) => running.stop())); // whatever a failed test has left
  started.clear();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

/** What a Pod of the account would have in place of a kubeconfig. */
function kubeconfigOf(cluster: RealCluster, account: string): string {
  const token = cluster.kubectl(['create', 'token', account, '--namespace', 'kong']).trim();
  const config = JSON.parse(cluster.kubectl(['config', 'view', '--raw', '-o', 'json'])) as {
    users: [{ user: object }];
    contexts: [{ context: { namespace?: string } }];
  };
  config.users[0].user = { token };
  config.contexts[0].context.namespace = 'kong';
  return write(`${account}.kubeconfig`, JSON.stringify(config));
}

/** Runs what a container of the workload would run, until it ends by itself. */
async function runJob(cluster: RealCluster, job: Manifest): Promise<void> {
  const { serviceAccountName, containers } = job['spec'].template.spec;
  const kubeconfig = kubeconfigOf(cluster, serviceAccountName as string);
  const command = [...sourceCommand, ...(containers[0].args as string[]), '--kubeconfig', kubeconfig];
  const running = new StartedProcess({ command, cwd: folder, environment: {} });
  expect({ ...(await running.exited()), log: running.log }).toMatchObject({ code: 0 });
}

/** Starts what a Pod of the Deployment would start, on files in place of what is mounted. */
async function startController(cluster: RealCluster, manifests: readonly Manifest[]): Promise<StartedProcess> {
  const { data } = cluster.get('secret', 'iic-certificate', '-n', 'kong') as unknown as {
    data: Record<string, string>;
  };
  const mounted = (name: string): string => write(name, Buffer.from(data[name] ?? '', 'base64').toString('utf8'));
  const config = write('iic.yaml', (named(manifests, 'ConfigMap')['data'] as Record<string, string>)['iic.yaml'] ?? '');
  const elsewhere = {
    kubeconfig: kubeconfigOf(cluster, 'iic'),
    'data-plane-certificate': mounted('tls.crt'),
    'data-plane-key': mounted('tls.key'),
    'data-plane-host': '127.0.0.1',
    'data-plane-port': '0',
    'health-host': '127.0.0.1',
    'health-port': '0',
  };
  const flags = Object.entries(elsewhere).flatMap(([name, value]) => [`--${name}`, value]);
  const command = [...sourceCommand, 'run', `--config=${config}`, ...flags];
  const running = new StartedProcess({ command, cwd: folder, environment: { POD_NAME: 'iic-0' } });
  started.add(running);
  await running.logged(({ health }) => typeof health === 'number');
  return running;
}

const unusedOf = (rights: readonly GrantedRight[], requests: readonly AuditedRequest[]): readonly string[] =>
  rights.filter((right) => !requests.some((request) => isUseOf(right, request))).map(describeRight);

/** Waits until every right was used, but for watches, which are written down only when they end. */
async function untilUsed(cluster: RealCluster, rights: readonly GrantedRight[]): Promise<void> {
  const deadline = Date.now() + USED_WITHIN_MS;
  const isOpen = (right: string): boolean => !right.startsWith('watch ') && !neverUsedToday.includes(right);
  while (unusedOf(rights, cluster.server.auditedRequests()).some(isOpen) && Date.now() < deadline) await pause(100);
}

async function wholeRun(cluster: RealCluster, values: object): Promise<readonly GrantedRight[]> {
  const manifests = rendered(values);
  const isHook = ({ metadata }: Manifest): boolean => metadata.annotations?.['helm.sh/hook'] !== undefined;
  const names = ['kong', 'shop', 'gateways'];
  cluster.apply(names.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  cluster.kubectl(['apply', '--server-side', '-k', join(docker, 'crds')]);
  cluster.apply(manifests.filter((manifest) => isHook(manifest) && manifest.kind !== 'Job'));
  await runJob(cluster, named(manifests, 'Job'));
  cluster.apply(manifests.filter((manifest) => !isHook(manifest)));
  cluster.apply(shopObjects(await generateCertificatePair('shop.test')));
  const rights = grantedRights(manifests, 'iic');
  const used = rights.filter(({ verb, resource }) => verb !== 'patch' || resource !== 'events');
  const first = await startController(cluster, manifests);
  await untilUsed(cluster, used);
  expect(await first.stop()).toMatchObject({ code: 0 });
  const second = await startController(cluster, manifests); // it finds the first one's Event, and renews it
  await untilUsed(cluster, rights);
  expect(await second.stop()).toMatchObject({ code: 0 });
  return rights;
}

whereAllIs("the account's rights", () => {
  it.each(Object.entries(runs))(
    'suffice for a whole run, and for no more: %s',
    async (_name, values) => {
      const cluster = new RealCluster({
        isAudited: true,
        auditedUser: 'system:serviceaccount:kong:iic',
        streamsLists: false, // or else lists are asked for only after a disturbance
      });
      await cluster.start();
      try {
        const rights = await wholeRun(cluster, values);
        const requests = cluster.server.auditedRequests();
        const refused = requests.filter(({ code }) => code === FORBIDDEN);
        expect(
          refused.map(
            ({ verb, resource, subresource, namespace }) =>
              `${verb} ${resource} ${subresource} in ${namespace ?? 'all'}`,
          ),
        ).toEqual([]);
        expect(unusedOf(rights, requests).filter((right) => !neverUsedToday.includes(right))).toEqual([]);
        expect(rights.length).toBeGreaterThan(5);
      } finally {
        await cluster.stop();
      }
    },
    TIMEOUT_MS,
  );
});
