import { IMPLICIT_PORT } from '../kubernetes/ingress.ts';
import type { KubernetesService, ServicePort } from '../kubernetes/kubernetes-service.ts';

/** The port that an Ingress means, or why there is none. */
export type PortResolution = { readonly port: ServicePort } | { readonly reason: string };

/** @param wanted A number in decimal, a name, or `implicitPort`. */
export function resolvePort(service: KubernetesService, wanted: string): PortResolution {
  const number = /^\d+$/.test(wanted) ? Number(wanted) : undefined;
  if (service.externalName !== undefined) return resolveExternalPort(number);
  const { ports } = service;
  if (wanted === IMPLICIT_PORT) return resolveImplicitPort(ports);
  const port = ports.find((candidate) =>
    number === undefined ? candidate.name === wanted || candidate.targetPortName === wanted : candidate.port === number,
  );
  return port === undefined ? { reason: `it has ${listPorts(ports)}` } : { port };
}

/** An ExternalName Service stands for a name only, so any port may be asked of it. */
function resolveExternalPort(number: number | undefined): PortResolution {
  if (number === undefined) return { reason: 'a Service of type ExternalName needs a port number' };
  return { port: { name: '', port: number, targetPortName: undefined, protocol: 'TCP' } };
}

function resolveImplicitPort(ports: readonly ServicePort[]): PortResolution {
  const [only, ...others] = ports;
  if (only !== undefined && others.length === 0) return { port: only };
  if (only === undefined) return { reason: 'it has no ports' };
  return { reason: `it has ${listPorts(ports)}, so the backend must say which` };
}

const MAX_LISTED = 10;

function listPorts(ports: readonly ServicePort[]): string {
  if (ports.length === 0) return 'no ports';
  const listed = ports.slice(0, MAX_LISTED).map(({ name, port }) => (name === '' ? String(port) : `${port} (${name})`));
  return `the ports ${listed.join(', ')}${ports.length > MAX_LISTED ? ', …' : ''}`;
}
