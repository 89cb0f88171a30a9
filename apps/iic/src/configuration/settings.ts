import { z } from 'zod';
import {
  featureGates,
  flag,
  kinds,
  labelSelectors,
  names,
  namespacedName,
  port,
  seconds,
  text,
} from './value-schemas.ts';

interface Setting {
  readonly schema: z.ZodType;
  /** How the value is named in help; absent for switches. */
  readonly value?: string;
  readonly description: string;
}

/**
 * Every setting of `iic run`, under the one name it has everywhere: `--log-level` as a flag, `IIC_LOG_LEVEL` as an
 * environment variable, `log-level` in a configuration file. Flags win over variables, variables over the file.
 */
export const settings = {
  manifests: { schema: text.optional(), value: 'DIR', description: 'read Kubernetes objects from this directory' },
  kubeconfig: {
    schema: text.optional(),
    value: 'FILE',
    description: 'follow the cluster of this kubeconfig; a Pod without settings follows its own',
  },
  'watch-namespaces': {
    schema: names,
    value: 'NAME,…',
    description: 'read namespaced objects of a cluster in these namespaces alone, not in all',
  },
  kinds: { schema: kinds, value: 'KIND,…', description: 'follow only these kinds of a cluster' },
  'label-selectors': {
    schema: labelSelectors,
    value: 'KIND:SELECTOR;…',
    description: 'follow only objects with these labels, such as Secret:team=shop;Ingress:tier in (web,api)',
  },
  'leader-election': { schema: flag.default(true), description: 'write to a cluster only while holding a Lease' },
  'election-id': {
    schema: text.optional(),
    value: 'NAME',
    description: 'name of that Lease; unless set, iic- and the ingress class',
  },
  'election-namespace': {
    schema: text.optional(),
    value: 'NAME',
    description: 'namespace of that Lease; unless set, that of the Pod or of the kubeconfig',
  },
  'lease-duration-seconds': {
    schema: seconds.default(15),
    value: 'SECONDS',
    description: 'how long others wait for a sign of life before they take over',
  },
  'renew-deadline-seconds': {
    schema: seconds.default(10),
    value: 'SECONDS',
    description: 'how long a leader goes on without having renewed the Lease',
  },
  'retry-period-seconds': {
    schema: seconds.default(2),
    value: 'SECONDS',
    description: 'time between two attempts to get or renew the Lease',
  },
  'high-availability': {
    schema: z.enum(['all', 'leader']).default('all'),
    value: 'MODE',
    description: 'all: every replica serves data planes; leader: the leader alone, and others are not ready',
  },
  'update-status': { schema: flag.default(true), description: 'write the status of objects in a cluster' },
  'publish-service': {
    schema: namespacedName.optional(),
    value: 'NAMESPACE/NAME',
    description: "Service of the data planes' proxies, whose addresses the status of Ingresses shows",
  },
  'publish-status-address': {
    schema: names,
    value: 'ADDRESS,…',
    description: 'IP addresses or DNS names for the status of Ingresses, in place of those of publish-service',
  },
  'emit-kubernetes-events': { schema: flag.default(true), description: 'report problems as Events on their objects' },
  'ingress-class': { schema: text.default('kong'), value: 'NAME', description: 'serve objects of this ingress class' },
  'router-flavor': {
    schema: z.enum(['traditional', 'traditional_compatible', 'expressions']).default('traditional_compatible'),
    value: 'FLAVOR',
    description: 'router of the data planes: traditional, traditional_compatible or expressions',
  },
  'cluster-domain': {
    schema: z.string().default(''),
    value: 'DOMAIN',
    description: 'appended to the host names of Services that are used as upstreams themselves',
  },
  'enable-drain-support': {
    schema: flag.default(false),
    description: 'keep terminating endpoints as targets of weight 0',
  },
  'feature-gates': { schema: featureGates, value: 'NAME=true,…', description: 'features to switch on or off' },
  'cluster-id': {
    schema: z.uuid().default('3f4a1c52-8d0e-5b5c-9a67-2f0c6e1b7d11'),
    value: 'UUID',
    description: 'id under which data planes know this control plane; equal on all replicas',
  },
  'data-plane-host': {
    schema: text.default('0.0.0.0'),
    value: 'ADDRESS',
    description: 'listen address for data planes',
  },
  'data-plane-port': { schema: port.default(3100), value: 'PORT', description: 'port for data planes' },
  'data-plane-certificate': {
    schema: text.optional(),
    value: 'FILE',
    description: 'PEM certificate of the data-plane endpoint',
  },
  'data-plane-key': { schema: text.optional(), value: 'FILE', description: 'PEM private key of that certificate' },
  'data-plane-mtls': {
    schema: z.enum(['shared', 'pki']).default('shared'),
    value: 'MODE',
    description: 'shared: data planes present that same certificate; pki: one signed by data-plane-ca',
  },
  'data-plane-ca': {
    schema: text.optional(),
    value: 'FILE',
    description: 'PEM certificates that sign data planes (mode pki)',
  },
  'generate-certificates': {
    schema: text.optional(),
    value: 'DIR',
    description: 'use the development pair in this directory, and make it when it is missing',
  },
  'health-host': {
    schema: text.default('0.0.0.0'),
    value: 'ADDRESS',
    description: 'listen address for health and metrics',
  },
  'health-port': { schema: port.default(4200), value: 'PORT', description: 'port for health and metrics' },
  'snapshot-file': { schema: text.optional(), value: 'FILE', description: 'keep the store in this file between runs' },
  'log-level': {
    schema: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
    value: 'LEVEL',
    description: 'debug, info, warn, error or silent',
  },
  'log-format': {
    schema: z.enum(['auto', 'pretty', 'json']).default('auto'),
    value: 'FORMAT',
    description: 'auto (readable on a terminal, else JSON), pretty or json',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** Valid settings, defaults filled in. */
export type Configuration = { readonly [K in SettingName]: z.output<(typeof settings)[K]['schema']> };

export const settingNames = Object.keys(settings) as readonly SettingName[]; // the keys of the table above, exactly

/** `log-level` → `IIC_LOG_LEVEL` */
export function variableFor(name: string): string {
  return `IIC_${name.toUpperCase().replaceAll('-', '_')}`;
}
