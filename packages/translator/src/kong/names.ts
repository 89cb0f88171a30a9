import type { ObjectReference } from '../objects.ts';
import type { IngressRoute, ServiceBackend } from '../kubernetes/ingress.ts';

/** Name of the Kong service for one port of one Kubernetes Service, shared by all Ingresses of its namespace. */
export function serviceName(namespace: string, { service, port }: ServiceBackend): string {
  return `${namespace}.${service}.${port}`;
}

/** Name of the upstream, which the Kong service has as its host; note the order. */
export function upstreamName(namespace: string, { service, port }: ServiceBackend): string {
  return `${service}.${namespace}.${port}.svc`;
}

export function routeName(ingress: ObjectReference, host: string, { service, port }: ServiceBackend): string {
  return `${ingress.namespace ?? ''}.${ingress.name}.${service}.${host.replaceAll('*', '_')}.${port}`;
}

export function defaultRouteName(ingress: ObjectReference): string {
  return `${ingress.namespace ?? ''}.${ingress.name}`;
}

/** Names of all routes that an Ingress asks for, its default backend's included. */
export function routeNames(
  reference: ObjectReference,
  routes: readonly IngressRoute[],
  hasDefaultBackend: boolean,
): readonly string[] {
  const names = routes.flatMap(({ host, backend }) =>
    backend.kind === 'Service' ? [routeName(reference, host, backend)] : [],
  );
  return hasDefaultBackend ? [...names, defaultRouteName(reference)] : names;
}
