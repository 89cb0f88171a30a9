import type { UsableBackend } from '../kubernetes/ingress.ts';
import type { ObjectReference } from '../objects.ts';

/** Identity of a Kong service: `namespace/service/port`, or `namespace/facade`. No part holds a slash. */
export function serviceKey({ namespace = '' }: ObjectReference, backend: UsableBackend): string {
  return backend.kind === 'Service'
    ? `${namespace}/${backend.service}/${backend.port}`
    : `${namespace}/${backend.facade}`;
}

export interface ServiceKeyParts {
  readonly namespace: string;
  readonly backend: UsableBackend;
}

export function parseServiceKey(key: string): ServiceKeyParts {
  const [namespace = '', name = '', port] = key.split('/');
  if (port === undefined) return { namespace, backend: { kind: 'KongServiceFacade', facade: name } };
  return { namespace, backend: { kind: 'Service', service: name, port } };
}
