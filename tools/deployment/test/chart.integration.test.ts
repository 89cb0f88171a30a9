import { describe, expect, it } from '@jest/globals';
import { accessRules } from '@koko/kubernetes';
import type { AccessOptions, PolicyRule } from '@koko/kubernetes';
import { translatedKinds } from '@koko/translator';
import { chart, isLeftOut, named, rendered, runHelm, withoutHelm } from './helm.ts';
import type { Manifest } from './helm.ts';
import { settingsInForce } from './settings-in-force.ts';
import { valueSets } from './value-sets.ts';

const skipped = isLeftOut('the Helm chart', withoutHelm);
const whereHelmIs = skipped ? describe.skip : describe;
const TIMEOUT_MS = 120_000;

interface Values {
  readonly kinds?: readonly string[];
  readonly watchNamespaces?: readonly string[];
  readonly status?: {
    readonly enabled?: boolean;
    readonly publishService?: string;
    readonly publishAddresses?: readonly string[];
  };
  readonly events?: { readonly enabled?: boolean };
  readonly leaderElection?: { readonly enabled?: boolean; readonly id?: string };
  readonly ingressClass?: { readonly name?: string };
}

/** What a controller with these values does. */
function accessOptions(values: Values): AccessOptions {
  const { kinds = [], watchNamespaces = [], status = {}, events = {}, leaderElection = {}, ingressClass = {} } = values;
  const [namespace = '', name = ''] = (status.publishService ?? '').split('/');
  const isElected = leaderElection.enabled ?? true;
  return {
    kinds: translatedKinds.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)),
    watchNamespaces,
    writesStatus: status.enabled ?? true,
    publishesAddresses: name !== '' || (status.publishAddresses ?? []).length > 0,
    ...(name === '' ? {} : { publishService: { namespace, name } }),
    writesEvents: events.enabled ?? true,
    ...(isElected
      ? { lease: { namespace: 'kong', name: leaderElection.id ?? `iic-${ingressClass.name ?? 'kong'}` } }
      : {}),
  };
}

const rolesOf = (manifests: readonly Manifest[]): Readonly<Record<string, readonly PolicyRule[]>> => {
  const roles = manifests.filter(
    ({ kind, metadata }) => kind.endsWith('Role') && metadata.annotations?.['helm.sh/hook'] === undefined,
  );
  return Object.fromEntries(
    roles.map(({ metadata, rules }) => [metadata.namespace ?? '', rules as readonly PolicyRule[]]),
  );
};

function expectedRoles(values: Values): Readonly<Record<string, readonly PolicyRule[]>> {
  const { cluster, namespaces } = accessRules(accessOptions(values));
  return { ...(cluster.length > 0 ? { '': cluster } : {}), ...Object.fromEntries(namespaces) };
}

/** Rules in an order of their own, as their order means nothing. */
function sorted(roles: Readonly<Record<string, readonly PolicyRule[]>>): object {
  const text = ({ apiGroups, resources, resourceNames, verbs }: PolicyRule): string =>
    JSON.stringify([apiGroups, resources, resourceNames, verbs]);
  return Object.fromEntries(Object.entries(roles).map(([namespace, rules]) => [namespace, rules.map(text).toSorted()]));
}

whereHelmIs('the Helm chart', () => {
  it('passes the checks of Helm', () => {
    expect(runHelm(['lint', '--strict', chart])).toContain('0 chart(s) failed');
  });

  it.each(Object.entries(valueSets))(
    'grants just the rights that are used: %s',
    (_name, values: Values & { readonly rbac?: object }) => {
      const roles = rolesOf(rendered(values));
      if (values.rbac === undefined) expect(sorted(roles)).toEqual(sorted(expectedRoles(values)));
      else expect(roles).toEqual({});
    },
    TIMEOUT_MS,
  );

  it.each(Object.entries(valueSets))(
    'writes settings that iic accepts, and binds and mounts what there is: %s',
    (_name, values) => {
      const manifests = rendered(values);
      const deployment = named(manifests, 'Deployment');
      const { 'iic.yaml': file } = named(manifests, 'ConfigMap')['data'] as Record<string, string>;
      const settings = settingsInForce(file ?? '');
      const [container] = deployment['spec'].template.spec.containers;
      const ports = (container.ports as { containerPort: number }[]).map(({ containerPort }) => containerPort);
      expect(ports).toEqual([settings['data-plane-port'], settings['health-port']]);
      const mounts = (container.volumeMounts as { mountPath: string }[]).map(({ mountPath }) => mountPath);
      for (const name of ['data-plane-certificate', 'data-plane-key', 'data-plane-ca']) {
        const path = settings[name];
        if (typeof path === 'string') expect(mounts.some((mount) => path.startsWith(`${mount}/`))).toBe(true);
      }
      const account = deployment['spec'].template.spec.serviceAccountName as string;
      const bindings = manifests.filter(
        ({ kind, metadata }) => kind.endsWith('Binding') && metadata.annotations === undefined,
      );
      for (const { subjects, roleRef, metadata } of bindings) {
        expect(subjects).toEqual([{ kind: 'ServiceAccount', name: account, namespace: 'kong' }]);
        expect(named(manifests, roleRef.kind as string, roleRef.name as string)).toBeDefined();
        expect(metadata.name).toBe(roleRef.name);
      }
    },
    TIMEOUT_MS,
  );

  it('lets roll-outs and drains go on where only the leader is ever ready', () => {
    const manifests = rendered({ highAvailability: 'leader' });
    expect(named(manifests, 'Deployment')['spec'].strategy.rollingUpdate).toEqual({
      maxUnavailable: '100%',
      maxSurge: '100%',
    });
    expect(manifests.map(({ kind }) => kind)).not.toContain('PodDisruptionBudget');
    const all = rendered();
    expect(named(all, 'Deployment')['spec'].strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(named(all, 'PodDisruptionBudget')['spec']).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });

  it('runs Pods under the restricted standard, from files that nobody may write', () => {
    const manifests = rendered();
    for (const { spec } of [named(manifests, 'Deployment'), named(manifests, 'Job')]) {
      const pod = spec.template.spec;
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  });

  it('makes a certificate by a hook unless one is named, with the right to create alone', () => {
    const manifests = rendered();
    const hooks = manifests.filter(
      ({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'pre-install,pre-upgrade',
    );
    expect(hooks.map(({ kind }) => kind).toSorted()).toEqual(['Job', 'Role', 'RoleBinding', 'ServiceAccount']);
    expect(named(hooks, 'Role')['rules']).toEqual([{ apiGroups: [''], resources: ['secrets'], verbs: ['create'] }]);
    const { args } = named(hooks, 'Job')['spec'].template.spec.containers[0];
    const volumes = named(manifests, 'Deployment')['spec'].template.spec.volumes as Manifest[];
    expect(args).toEqual(['certificates', '--secret=iic-certificate']);
    expect(volumes).toContainEqual({
      name: 'certificate',
      secret: { secretName: 'iic-certificate', defaultMode: 0o440 },
    });
    const own = rendered({ dataPlanes: { certificate: { secretName: 'pair' } } });
    expect(own.map(({ kind }) => kind)).not.toContain('Job');
  });

  it('makes a ServiceMonitor of the health Service where asked to', () => {
    const manifests = rendered({ serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } });
    const { metadata, spec } = named(manifests, 'ServiceMonitor');
    expect(metadata.labels).toMatchObject({ release: 'prometheus' });
    const labels = named(manifests, 'Service', 'iic-health').metadata.labels;
    expect(labels).toMatchObject(spec.selector.matchLabels as object);
    expect(named(manifests, 'Service', 'iic').metadata.labels).not.toMatchObject(spec.selector.matchLabels as object);
  });

  it.each<[object, string]>([
    [{ replica: 3 }, "additional properties 'replica' not allowed"],
    [{ replicas: 0 }, "at '/replicas': minimum"],
    [{ replicas: 'two' }, "at '/replicas': got string, want integer"],
    [{ kinds: ['Pod'] }, "at '/kinds/0': value must be one of 'Ingress', 'IngressClass'"],
    [{ highAvailability: 'some' }, "at '/highAvailability': value must be one of 'all', 'leader'"],
    [{ settings: { 'log-levle': 'debug' } }, "'log-levle'"],
    [{ settings: { 'data-plane-port': 1 } }, "'data-plane-port'"],
    [{ status: { publishService: 'proxy' } }, "at '/status/publishService'"],
    [{ dataPlanes: { port: 80 } }, "at '/dataPlanes/port': minimum: got 80, want 1,024"],
    [{ dataPlanes: { mtls: 'pki' } }, 'dataPlanes.caSecretName: name the Secret'],
    [{ leaderElection: { enabled: false } }, 'replicas: without leaderElection.enabled every replica'],
    [{ replicas: 1, highAvailability: 'leader', leaderElection: { enabled: false } }, 'highAvailability: only where'],
    [{ serviceAccount: { create: false } }, 'serviceAccount.name: name the account to use'],
  ])('refuses %j and says what is wrong', (values, message) => {
    expect(() => rendered(values)).toThrow(message);
  });
});
