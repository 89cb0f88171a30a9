import type { ServiceBackend } from '../kubernetes/ingress.ts';
import type { ObjectReference } from '../objects.ts';

/** Identity of a Kong service: `namespace/service/port`. No part holds a slash. */
export function serviceKey({ namespace }: ObjectReference, { service, port }: ServiceBackend): string {
  return `${namespace ?? ''}/${service}/${port}`;
}

export interface ServiceKeyParts {
  readonly namespace: string;
  readonly backend: ServiceBackend;
  /** Key of the Kubernetes Service. */
  readonly kubernetesKey: string;
}

export function parseServiceKey(key: string): ServiceKeyParts {
  const [namespace = '', service = '', port = ''] = key.split('/');
  return { namespace, backend: { kind: 'Service', service, port }, kubernetesKey: `${namespace}/${service}` };
}
