import type { KubernetesObject, TranslatedKind } from '@koko/translator';
import { apiVersionOf } from './resource-path.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What of a value is kept: all of it, or these fields, of each item where it is a list. */
type Shape = true | { readonly [field: string]: Shape };

const PORTS: Shape = { name: true, port: true, targetPort: true, protocol: true };

/**
 * Of kinds of which there are very many, what translation and status read, besides metadata. Of all other kinds everything
 * is kept but status, so that a further kind needs no entry here.
 */
const KEPT_CONTENT: Readonly<Record<string, Shape>> = {
  Ingress: { spec: true },
  Service: {
    spec: { type: true, clusterIP: true, clusterIPs: true, externalIPs: true, externalName: true, ports: PORTS },
    status: { loadBalancer: true }, // where data planes are reached
  },
  EndpointSlice: { endpoints: { addresses: true, conditions: { ready: true, terminating: true } }, ports: PORTS },
};

/** What has been reported on an object, by the column `status` of its kind. */
const KEPT_STATUS = { loadBalancer: 'loadBalancer', programmed: 'conditions' } as const;

const DROPPED_OF_METADATA = new Set(['managedFields', 'selfLink', 'generateName', 'finalizers', 'ownerReferences']);
const DROPPED_OF_ANNOTATIONS = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'endpoints.kubernetes.io/last-change-trigger-time',
]);
/** Of objects without their content: whether they are there, are the same as before, and are about to go. */
const KEPT_OF_BARE_METADATA = new Set(['name', 'namespace', 'uid', 'resourceVersion', 'deletionTimestamp']);

/** An object without what translation and status never read; `undefined` for what has no name. Lists leave out kind and version. */
export function trimObject(
  kind: TranslatedKind,
  object: unknown,
  content: 'whole' | 'metadata',
): KubernetesObject | undefined {
  if (!isFields(object) || !isFields(object['metadata'])) return undefined;
  const { name } = object['metadata'];
  if (typeof name !== 'string' || name === '') return undefined;
  const metadata = content === 'whole' ? trimMetadata(kind, object['metadata']) : trimBareMetadata(object['metadata']);
  const rest = content === 'whole' ? trimContent(kind, object) : {};
  // The name is there; other parts are checked by whoever uses them.
  return { ...rest, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata } as unknown as KubernetesObject;
}

function trimBareMetadata(metadata: Fields): Fields {
  return filtered(metadata, (name) => KEPT_OF_BARE_METADATA.has(name));
}

function trimMetadata(kind: TranslatedKind, metadata: Fields): Fields {
  const { annotations, labels, generation, ...rest } = filtered(metadata, (name) => !DROPPED_OF_METADATA.has(name));
  const keptAnnotations = keep(annotations, (name) => !DROPPED_OF_ANNOTATIONS.has(name));
  const keptLabels = kind.kind in KEPT_CONTENT ? keep(labels, (name) => name === kind.follows?.label) : labels;
  return {
    ...rest,
    ...(generation === undefined || kind.status === undefined ? {} : { generation }),
    ...(keptAnnotations === undefined ? {} : { annotations: keptAnnotations }),
    ...(keptLabels === undefined ? {} : { labels: keptLabels }),
  };
}

/** What is malformed stays as it is, so that its problem can be told. */
function keep(value: unknown, isKept: (name: string) => boolean): unknown {
  if (!isFields(value)) return value;
  const kept = filtered(value, isKept);
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function trimContent(kind: TranslatedKind, object: Fields): Fields {
  const { status, metadata: _, ...rest } = object;
  const shape = KEPT_CONTENT[kind.kind] ?? true;
  const content = shape === true ? rest : trimFields(rest, shape);
  const ofStatus = shape === true ? {} : (shape['status'] ?? {});
  const reported = kind.status === undefined ? {} : { [KEPT_STATUS[kind.status]]: true as const };
  const keptStatus = isFields(status)
    ? trimFields(status, { ...(ofStatus === true ? {} : ofStatus), ...reported })
    : {};
  const hasStatus = Object.values(keptStatus).some(hasContent);
  return hasStatus ? { ...content, status: keptStatus } : content;
}

function trimValue(value: unknown, shape: Shape): unknown {
  if (shape === true) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => trimValue(item, shape));
  return isFields(value) ? trimFields(value, shape) : value;
}

function trimFields(fields: Fields, shape: Exclude<Shape, true>): Fields {
  const entries = Object.entries(shape).flatMap(([name, inner]) =>
    fields[name] === undefined ? [] : [[name, trimValue(fields[name], inner)] as const],
  );
  return Object.fromEntries(entries);
}

function filtered(fields: Fields, isKept: (name: string) => boolean): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => isKept(name)));
}

function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
