import { recordOf } from './api-object.ts';
import type { ApiObject, JsonRecord } from './api-object.ts';

/** `stringData` is for writing only: the server folds it into `data`. */
export function prepareSecret(object: ApiObject): ApiObject {
  const { stringData, ...rest } = object;
  const data: JsonRecord = { ...recordOf(rest['data']) };
  for (const [key, text] of Object.entries(recordOf(stringData)))
    data[key] = Buffer.from(String(text)).toString('base64');
  const secret: ApiObject = { ...rest, type: rest['type'] ?? 'Opaque' };
  return Object.keys(data).length === 0 ? secret : { ...secret, data };
}

export function prepareNamespace(object: ApiObject): ApiObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  const status = { phase: 'Active', ...recordOf(object['status']) };
  return { ...object, metadata: { ...metadata, labels }, spec: { finalizers: ['kubernetes'] }, status };
}

function preparePort(port: unknown): JsonRecord {
  const given = recordOf(port);
  return { ...given, protocol: given['protocol'] ?? 'TCP' };
}

const ADDRESS_FAMILIES = { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' };

/** Hands out cluster IPs in the order of creation. */
export function servicePreparer(): (object: ApiObject, current?: ApiObject) => ApiObject {
  let next = 1;
  const allocate = (): string => {
    next += 1;
    return `10.96.${(next >> 8) & 255}.${next & 255}`;
  };
  return (object, current) => {
    const given = recordOf(object['spec']);
    const before = recordOf(current?.['spec'])['clusterIP'];
    const ports = Array.isArray(given['ports']) ? given['ports'].map(prepareServicePort) : undefined;
    const families = given['type'] === 'ExternalName' ? {} : ADDRESS_FAMILIES;
    const spec: JsonRecord = {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ...families,
      ...given,
      ...(ports && { ports }),
    };
    const needsAddress = spec['type'] !== 'ExternalName' && (spec['clusterIP'] ?? '') === '';
    if (needsAddress) spec['clusterIP'] = before ?? allocate();
    if (spec['clusterIP'] !== undefined) spec['clusterIPs'] ??= [spec['clusterIP']];
    return { ...object, spec, status: object['status'] ?? { loadBalancer: {} } };
  };
}

function prepareServicePort(port: unknown): JsonRecord {
  const given = preparePort(port);
  return { ...given, targetPort: given['targetPort'] ?? given['port'] };
}

export function prepareIngress(object: ApiObject): ApiObject {
  return { ...object, status: object['status'] ?? { loadBalancer: {} } };
}

export function prepareEndpointSlice(object: ApiObject): ApiObject {
  const { endpoints, ports } = object;
  return {
    ...object,
    ...(Array.isArray(endpoints) && { endpoints: endpoints.map((each) => ({ conditions: {}, ...recordOf(each) })) }),
    ...(Array.isArray(ports) && { ports: ports.map((port) => ({ name: '', ...preparePort(port) })) }),
  };
}
