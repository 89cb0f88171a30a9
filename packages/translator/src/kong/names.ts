import type { Backend, FacadeReference, IngressRoute, UsableBackend } from '../kubernetes/ingress.ts';
import type { ObjectReference } from '../objects.ts';

/** Name of the Kong service for a backend, shared by all Ingresses of its namespace. */
export function serviceName(namespace: string, backend: UsableBackend): string {
  return backend.kind === 'Service'
    ? `${namespace}.${backend.service}.${backend.port}`
    : facadeName(namespace, backend);
}

/** Name of the upstream, which the Kong service has as its host; note the order. */
export function upstreamName(namespace: string, backend: UsableBackend): string {
  return backend.kind === 'Service'
    ? `${backend.service}.${namespace}.${backend.port}.svc`
    : facadeName(namespace, backend);
}

function facadeName(namespace: string, { facade }: FacadeReference): string {
  return `${namespace}.${facade}.svc.facade`;
}

export function routeName(ingress: ObjectReference, host: string, backend: UsableBackend): string {
  const prefix = defaultRouteName(ingress);
  const safeHost = host.replaceAll('*', '_');
  if (backend.kind === 'KongServiceFacade') return `${prefix}.${safeHost}.${backend.facade}.svc.facade`;
  return `${prefix}.${backend.service}.${safeHost}.${backend.port}`;
}

export function defaultRouteName(ingress: ObjectReference): string {
  return `${ingress.namespace ?? ''}.${ingress.name}`;
}

/** Names of all routes that an Ingress may ask for, its default backend's included. */
export function routeNames(
  reference: ObjectReference,
  routes: readonly IngressRoute[],
  hasDefaultBackend: boolean,
): readonly string[] {
  const names = routes.flatMap(({ host, backend }) => (isUsable(backend) ? [routeName(reference, host, backend)] : []));
  return hasDefaultBackend ? [...names, defaultRouteName(reference)] : names;
}

/** Whether the backend is of a kind that can be one. */
export function isUsable(backend: Backend): backend is UsableBackend {
  return backend.kind !== 'resource';
}
