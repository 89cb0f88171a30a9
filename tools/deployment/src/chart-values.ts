import { translatedKinds } from '@koko/translator';
import { choice, flag, group, integer, kubernetesObject, list, text, texts } from './json-schema.ts';
import type { JsonSchema } from './json-schema.ts';

const dnsName = { pattern: '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$' };
const dnsNameOrNone = { pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$' };
const port = { minimum: 1024, maximum: 65_535 };

const image = group('The image to run.', {
  repository: text('iic', 'Where it is; build and push it as docker/README.md says.'),
  tag: text('', 'Its tag; unless set, the version of the application.'),
  pullPolicy: choice(['IfNotPresent', 'Always', 'Never'], 'When it is pulled.'),
});

const ingressClass = group('The class whose objects are served.', {
  name: text('kong', 'Its name, in `ingressClassName` of Ingresses.', dnsName),
  create: flag(true, 'Whether the IngressClass is made; switch off where there is one, as beside another controller.'),
  isDefault: flag(false, 'Whether Ingresses without a class are of this one.'),
  parameters: group('The IngressClassParameters that it refers to; none without a name.', {
    namespace: text('', 'Namespace; unless set, that of the release.', dnsNameOrNone),
    name: text('', 'Name.', dnsNameOrNone),
  }),
});

const leaderElection = group('Election of the one replica that writes status and Events, by a Lease.', {
  enabled: flag(true, 'Whether one is elected; without, run a single replica.'),
  id: text('', 'Name of the Lease; unless set, `iic-` and the ingress class.', dnsNameOrNone),
  leaseDurationSeconds: integer(15, 'How long others wait for a sign of life before they take over.'),
  renewDeadlineSeconds: integer(10, 'How long a leader goes on without having renewed the Lease.'),
  retryPeriodSeconds: integer(2, 'Time between two attempts to get or renew it.'),
});

const status = group('What is written to `status` of objects.', {
  enabled: flag(true, 'Whether anything is written.'),
  publishService: text(
    '',
    "`NAMESPACE/NAME` of the Service of the data planes' proxies, whose addresses Ingresses show.",
    {
      pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?/[a-z0-9]([-a-z0-9]*[a-z0-9])?)?$',
    },
  ),
  publishAddresses: list([], 'IP addresses or DNS names to show in place of those.', { type: 'string' }),
});

const certificate = group('The certificate of the endpoint, which data planes in mode `shared` present as well.', {
  secretName: text(
    '',
    'A Secret of type kubernetes.io/tls that exists. Unless set, a hook makes one before the installation, which then stays as it is.',
    dnsNameOrNone,
  ),
});

const dataPlanes = group('The endpoint that Kong data planes connect to.', {
  port: integer(3100, 'Port of Pods and Service.', port),
  mtls: choice(
    ['shared', 'pki'],
    '`shared`: data planes present that same certificate; `pki`: one signed by an authority of their own.',
  ),
  certificate,
  caSecretName: text(
    '',
    'Mode `pki`: a Secret whose `ca.crt` holds the authorities that sign data planes.',
    dnsNameOrNone,
  ),
  service: group('The Service in front.', {
    type: choice(['ClusterIP', 'NodePort', 'LoadBalancer'], 'Its type.'),
    annotations: texts('Its annotations.'),
  }),
});

const health = group('Health, metrics and status.', {
  port: integer(4200, 'Port of Pods and Service.', port),
  serviceAnnotations: texts('Annotations of the Service.'),
});

const serviceMonitor = group('How the Prometheus operator finds the metrics.', {
  enabled: flag(false, 'Whether a ServiceMonitor is made; its definition has to be installed.'),
  interval: text('30s', 'Time between two readings.'),
  labels: texts('Labels by which Prometheus selects it.'),
});

const podDisruptionBudget = group('How many replicas a drain may take away at a time.', {
  enabled: flag(
    true,
    'Whether there is a budget. With `highAvailability: leader` there never is: it would hold up every drain.',
  ),
  maxUnavailable: integer(1, 'That many.'),
});

const networkPolicy = group('Who may talk to the Pods, and they to whom.', {
  enabled: flag(true, 'Whether there is a policy.'),
  dataPlanesFrom: list([], 'Peers (as in a NetworkPolicy) that may connect as data planes; empty: all.', {
    type: 'object',
  }),
  healthFrom: list([], 'Peers that may read health and metrics; empty: all.', { type: 'object' }),
  apiServerPorts: list([443, 6443], 'Ports of the API server, the one thing that the Pods connect to.', {
    type: 'integer',
  }),
});

const pods = {
  podLabels: texts('Further labels of the Pods.'),
  podAnnotations: texts('Annotations of the Pods.'),
  resources: kubernetesObject(
    { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } },
    'Resources of a Pod. 10,000 Ingresses take about 300 MB; a limit of CPU only slows down what is rare.',
  ),
  nodeSelector: texts('Labels of the nodes to run on.'),
  tolerations: list([], 'Taints to bear.', { type: 'object' }),
  affinity: kubernetesObject({}, 'Affinity of the Pods.'),
  topologySpreadConstraints: list([], 'How Pods are spread; unless set, over nodes and zones as far as possible.', {
    type: 'object',
  }),
  priorityClassName: text('', 'Priority class of the Pods.', dnsNameOrNone),
  terminationGracePeriodSeconds: integer(30, 'How long a Pod may take to end.'),
  extraArgs: list([], 'Further arguments of `iic run`; they go before everything else.', { type: 'string' }),
  extraEnv: list([], 'Further environment variables, as in a container.', { type: 'object' }),
};

const kinds: JsonSchema = {
  ...list([], 'Kinds to follow, and to have rights for; empty: all that are known.', {
    type: 'string',
    enum: translatedKinds.map(({ kind }) => kind),
  }),
  uniqueItems: true,
};

/** Settings of `iic run` that the chart gives itself, from values of their own, or that make no sense in a Pod. */
export const settingsOfChart: ReadonlySet<string> = new Set([
  'manifests',
  'kubeconfig',
  'snapshot-file',
  'generate-certificates',
  'data-plane-host',
  'health-host',
  'kinds',
  'watch-namespaces',
  'ingress-class',
  'high-availability',
  'leader-election',
  'election-id',
  'election-namespace',
  'lease-duration-seconds',
  'renew-deadline-seconds',
  'retry-period-seconds',
  'update-status',
  'publish-service',
  'publish-status-address',
  'emit-kubernetes-events',
  'data-plane-port',
  'data-plane-mtls',
  'data-plane-certificate',
  'data-plane-key',
  'data-plane-ca',
  'health-port',
]);

/** All values of the chart, with their defaults. @param settingNames All settings of `iic run`. */
export function chartValues(settingNames: readonly string[]): JsonSchema {
  const further = settingNames.filter((name) => !settingsOfChart.has(name));
  return group('Values of the chart iic.', {
    nameOverride: text('', 'In place of the name of the chart.', dnsNameOrNone),
    fullnameOverride: text('', 'In place of the name of all objects.', dnsNameOrNone),
    replicas: integer(2, 'How many Pods there are. Every one of them translates and serves on its own.'),
    highAvailability: choice(
      ['all', 'leader'],
      '`all`: every replica serves data planes; `leader`: the leader alone, and the others are not ready.',
    ),
    image,
    imagePullSecrets: list([], 'Secrets to pull the image with, as in a Pod.', { type: 'object' }),
    kinds,
    watchNamespaces: list([], 'Namespaces to read namespaced objects in, and to have rights in; empty: all.', {
      type: 'string',
      ...dnsName,
    }),
    ingressClass,
    leaderElection,
    status,
    events: group('Events about objects with problems.', { enabled: flag(true, 'Whether there are any.') }),
    dataPlanes,
    health,
    settings: {
      ...kubernetesObject({}, `Further settings of \`iic run\`, by name: ${further.join(', ')}.`),
      propertyNames: { enum: further },
    },
    serviceAccount: group('The account of the Pods.', {
      create: flag(true, 'Whether it is made.'),
      name: text('', 'Its name; unless set, that of all objects.', dnsNameOrNone),
      annotations: texts('Its annotations.'),
    }),
    rbac: group('The rights of that account.', {
      create: flag(true, 'Whether roles are made: no more than the other values ask for.'),
    }),
    serviceMonitor,
    podDisruptionBudget,
    networkPolicy,
    ...pods,
  });
}
