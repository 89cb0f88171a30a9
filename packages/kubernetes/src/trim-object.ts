import type { KubernetesObject, TranslatedKind } from '@koko/translator';
import { apiVersionOf } from './resource-path.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What of `status` is kept, by kind: where to publish addresses from, and what has been published. */
const KEPT_STATUS: Readonly<Record<string, readonly string[]>> = {
  Ingress: ['loadBalancer'],
  Service: ['loadBalancer'],
};

/** What nobody reads of an endpoint, of which there may be a hundred in each of very many objects. */
const DROPPED_OF_ENDPOINT = new Set(['targetRef', 'nodeName', 'zone', 'hints', 'hostname', 'deprecatedTopology']);
const DROPPED_OF_METADATA = new Set(['managedFields', 'selfLink', 'generateName', 'finalizers', 'ownerReferences']);
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** An object without what translation and status never read; `undefined` for what has no name. Lists leave out kind and version. */
export function trimObject(
  kind: TranslatedKind,
  object: unknown,
  content: 'whole' | 'metadata',
): KubernetesObject | undefined {
  if (!isFields(object) || !isFields(object['metadata'])) return undefined;
  const metadata = trimMetadata(object['metadata']);
  if (typeof metadata['name'] !== 'string' || metadata['name'] === '') return undefined;
  const rest = content === 'whole' ? trimContent(kind, object) : {};
  // The name is there; other parts are checked by whoever uses them.
  return { ...rest, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata } as unknown as KubernetesObject;
}

function trimMetadata(metadata: Fields): Fields {
  const { annotations, ...rest } = without(metadata, DROPPED_OF_METADATA);
  if (!isFields(annotations)) return rest;
  return {
    ...rest,
    annotations: LAST_APPLIED in annotations ? without(annotations, new Set([LAST_APPLIED])) : annotations,
  };
}

function trimContent(kind: TranslatedKind, object: Fields): Fields {
  const { status, endpoints, ...rest } = object;
  const kept = (KEPT_STATUS[kind.kind] ?? []).filter((field) => isFields(status) && hasContent(status[field]));
  return {
    ...rest,
    ...(kept.length > 0 && isFields(status)
      ? { status: Object.fromEntries(kept.map((field) => [field, status[field]])) }
      : {}),
    ...(endpoints === undefined ? {} : { endpoints: trimEndpoints(endpoints) }),
  };
}

/** What is malformed stays as it is, so that its problem can be told. */
function trimEndpoints(endpoints: unknown): unknown {
  if (!Array.isArray(endpoints)) return endpoints;
  return endpoints.map((endpoint: unknown) => (isFields(endpoint) ? without(endpoint, DROPPED_OF_ENDPOINT) : endpoint));
}

function without(fields: Fields, names: ReadonlySet<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));
}

function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
