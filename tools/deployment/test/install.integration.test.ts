import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chart, docker, isLeftOut, named, parseManifests, rendered, runHelm, withoutHelm } from './helm.ts';
import type { Manifest } from './helm.ts';
import { offlineKubectl, RealCluster, withoutCluster } from './real-cluster.ts';
import { settingsInForce } from './settings-in-force.ts';
import { valueSets } from './value-sets.ts';

const skipped = isLeftOut('installing on the real API server', withoutHelm ?? withoutCluster);
const whereAllIs = skipped ? describe.skip : describe;
const TIMEOUT_MS = 180_000;

let cluster: RealCluster;

beforeAll(async () => {
  if (skipped) return;
  cluster = new RealCluster();
  await cluster.start();
  const namespaces = ['kong', 'shop', 'gateways'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
  cluster.apply(namespaces);
}, TIMEOUT_MS);

afterAll(async () => {
  if (!skipped) await cluster.stop();
});

const LABELS_OF_RELEASES = /^(helm\.sh|app\.kubernetes\.io)\//;
const keyOf = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace ?? ''} ${metadata.name}`;

/** A manifest without what says by which tool it was installed. */
function withoutTool(manifest: Manifest): Manifest {
  const { name, namespace } = manifest.metadata;
  const plain = JSON.parse(JSON.stringify(manifest)) as Manifest;
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  dropLabels(plain['spec']?.template?.metadata);
  return { ...plain, metadata };
}

function dropLabels(metadata: { labels?: Record<string, string>; annotations?: object } | undefined): void {
  if (metadata === undefined) return;
  delete metadata.annotations; // the chart rolls Pods by an annotation, kustomize by the name of the ConfigMap
  for (const label of Object.keys(metadata.labels ?? {})) {
    if (LABELS_OF_RELEASES.test(label) && /version|chart|managed-by/.test(label)) delete metadata.labels?.[label];
  }
}

/** The ConfigMap apart, whose name kustomize makes from its content. */
function comparable(manifests: readonly Manifest[]): Readonly<Record<string, Manifest>> {
  const left = manifests.filter(({ kind }) => !['ConfigMap', 'CustomResourceDefinition', 'Namespace'].includes(kind));
  const text = JSON.stringify(left.map(withoutTool)).replaceAll(/"iic-[a-z0-9]{10}"/g, '"iic"');
  return Object.fromEntries((JSON.parse(text) as readonly Manifest[]).map((manifest) => [keyOf(manifest), manifest]));
}

const podOf = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'restricted' },
  spec,
});

whereAllIs('an installation', () => {
  it('is the same by kustomize as by the chart', () => {
    const built = parseManifests(offlineKubectl('kustomize', join(docker, 'kustomize/base')));
    expect(comparable(built)).toEqual(comparable(rendered()));
    expect(built.map(({ kind }) => kind)).toContain('CustomResourceDefinition');
    const settings = [built, rendered()].map(
      (manifests) => named(manifests, 'ConfigMap')['data']['iic.yaml'] as string,
    );
    expect(settingsInForce(settings[0] ?? '')).toEqual(settingsInForce(settings[1] ?? ''));
  });

  it(
    'is accepted by the API server, whatever the values, without a field that it does not know',
    () => {
      cluster.kubectl(['apply', '--server-side', '-k', join(docker, 'crds')]);
      for (const values of Object.values(valueSets)) {
        const answer = cluster.apply(rendered(values), '--dry-run=server');
        expect(answer).toContain('serverside-applied (server dry run)');
      }
    },
    TIMEOUT_MS,
  );

  it('runs Pods that a namespace under the restricted standard lets in', () => {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'restricted', labels } }]);
    for (const values of Object.values(valueSets)) {
      const workloads = rendered(values).filter(({ kind }) => ['Deployment', 'Job'].includes(kind));
      const pods = workloads.map(({ kind, spec }) => podOf(kind.toLowerCase(), spec.template.spec as object));
      expect(cluster.apply(pods, '--dry-run=server')).toContain('serverside-applied');
    }
  });

  it(
    'is done with one command by kubectl, again and again',
    () => {
      const command = ['apply', '--server-side', '--validate=strict', '-k', join(docker, 'kustomize/base')];
      cluster.kubectl(command);
      expect(cluster.get('deployment', 'iic', '-n', 'kong')['spec'].replicas).toBe(2);
      const again = cluster.kubectl(command);
      expect(again).toContain('deployment.apps/iic serverside-applied');
      cluster.kubectl(['delete', '-k', join(docker, 'kustomize/base'), '--ignore-not-found', '--wait=false']);
    },
    TIMEOUT_MS,
  );

  it(
    'is done with one command by Helm, upgraded and taken away, but for the definitions',
    () => {
      const where = ['iic', chart, '--namespace', 'gate', '--create-namespace', '--no-hooks'];
      runHelm(['install', ...where], {}, cluster.kubeconfig);
      expect(cluster.get('ingressclass', 'kong')['spec'].controller).toBe('ingress-controllers.konghq.com/kong');
      const settings = { settings: { 'log-level': 'debug' } };
      const before = cluster.get('deployment', 'iic', '-n', 'gate');
      runHelm(['upgrade', ...where], settings, cluster.kubeconfig);
      const after = cluster.get('deployment', 'iic', '-n', 'gate');
      expect(after['spec'].template.metadata.annotations).not.toEqual(before['spec'].template.metadata.annotations); // new Pods
      runHelm(['uninstall', 'iic', '--namespace', 'gate', '--no-hooks'], {}, cluster.kubeconfig);
      const gone = cluster.get('clusterrole', '-l', 'app.kubernetes.io/instance=iic');
      expect(gone['items']).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
