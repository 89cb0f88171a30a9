import { translatedKinds } from '@koko/translator';
import type { TranslatedKind } from '@koko/translator';

/** A rule as Roles and ClusterRoles have it. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Absent: all. */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** What a controller does in a cluster, as far as its rights depend on it. */
export interface AccessOptions {
  /** What it follows. Default: all that the translator reads. */
  readonly kinds?: readonly TranslatedKind[];
  /** Where it follows namespaced kinds. Default, or when empty: everywhere. */
  readonly watchNamespaces?: readonly string[];
  /** Whether it writes status. */
  readonly writesStatus: boolean;
  /** Whether it was told the addresses that the status of Ingresses shows, or the Service that has them. */
  readonly publishesAddresses: boolean;
  readonly publishService?: { readonly namespace: string; readonly name: string };
  readonly writesEvents: boolean;
  /** The Lease by which it is elected; absent where nobody is. */
  readonly lease?: { readonly namespace: string; readonly name: string };
}

/** Rights for a ClusterRole, and for one Role in each namespace; no more than are used. */
export interface AccessRules {
  readonly cluster: readonly PolicyRule[];
  readonly namespaces: ReadonlyMap<string, readonly PolicyRule[]>;
}

/** Where Events about cluster-scoped objects are. */
const EVENTS_OF_CLUSTER = 'default';

/** To report problems as Events: a new one, and a count on one that is there. */
export const eventRules: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
];

/** To follow a kind: the content of what is fetched is got one by one. */
export function readRules({ group, resource, ingest }: TranslatedKind): readonly PolicyRule[] {
  const verbs = ingest === 'fetched' ? ['get', 'list', 'watch'] : ['list', 'watch'];
  return [{ apiGroups: [group], resources: [resource], verbs }];
}

/** To write the status of a kind; none where none is written. */
export function statusRules({ group, resource, status }: TranslatedKind): readonly PolicyRule[] {
  return status === undefined ? [] : [{ apiGroups: [group], resources: [`${resource}/status`], verbs: ['patch'] }];
}

/** To be elected. The right to create cannot be had for one name. */
export function leaseRules(name: string): readonly PolicyRule[] {
  const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
  return [
    { ...leases, verbs: ['create'] },
    { ...leases, resourceNames: [name], verbs: ['get', 'update'] },
  ];
}

/** To follow the one Service whose addresses are published. */
export function publishServiceRules(name: string): readonly PolicyRule[] {
  return [{ apiGroups: [''], resources: ['services'], resourceNames: [name], verbs: ['list', 'watch'] }];
}

/** The rights that a controller with these options needs, from the table of translated kinds. */
export function accessRules(options: AccessOptions): AccessRules {
  const { kinds = translatedKinds, watchNamespaces = [], lease } = options;
  const isEverywhere = watchNamespaces.length === 0;
  const global = kinds.filter(({ namespaced }) => isEverywhere || !namespaced);
  const scoped = kinds.filter(({ namespaced }) => !isEverywhere && namespaced);
  const events = options.writesEvents ? eventRules : [];
  const namespaces = new Map<string, readonly PolicyRule[]>();
  const grant = (namespace: string, rules: readonly PolicyRule[]): void => {
    if (rules.length > 0) namespaces.set(namespace, [...(namespaces.get(namespace) ?? []), ...rules]);
  };
  for (const namespace of watchNamespaces) grant(namespace, [...rulesFor(scoped, options), ...events]);
  const eventsOfGlobal = !isEverywhere && global.length > 0 && !watchNamespaces.includes(EVENTS_OF_CLUSTER);
  if (eventsOfGlobal) grant(EVENTS_OF_CLUSTER, events);
  if (lease !== undefined) grant(lease.namespace, leaseRules(lease.name));
  const published = publishServiceOf(options, kinds);
  if (published !== undefined) grant(published.namespace, publishServiceRules(published.name));
  return { cluster: [...rulesFor(global, options), ...(isEverywhere ? events : [])], namespaces };
}

function rulesFor(kinds: readonly TranslatedKind[], options: AccessOptions): readonly PolicyRule[] {
  return kinds.flatMap((kind) => [...readRules(kind), ...(writesStatusOf(kind, options) ? statusRules(kind) : [])]);
}

function writesStatusOf({ status }: TranslatedKind, { writesStatus, publishesAddresses }: AccessOptions): boolean {
  return writesStatus && (status !== 'loadBalancer' || publishesAddresses);
}

/** The Service to follow for its addresses, unless following all Services gives the right already. */
function publishServiceOf(
  { publishService, writesStatus, watchNamespaces = [] }: AccessOptions,
  kinds: readonly TranslatedKind[],
): AccessOptions['publishService'] {
  if (publishService === undefined || !writesStatus) return undefined;
  const followsServices = kinds.some(({ kind }) => kind === 'Service');
  const isFollowed = watchNamespaces.length === 0 || watchNamespaces.includes(publishService.namespace);
  return followsServices && isFollowed ? undefined : publishService;
}
