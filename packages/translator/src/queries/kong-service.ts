import { serviceName, upstreamName } from '../kong/names.ts';
import { resolvePort } from '../kong/service-port.ts';
import type { ObjectReference } from '../objects.ts';
import { missingService, unresolvedPort } from '../problems.ts';
import type { Place } from '../problems.ts';
import { backingOf } from './backing.ts';
import type { Backing } from './backing.ts';
import { emitEntity, idFor } from './emit-entity.ts';
import { parseServiceKey } from './service-key.ts';
import { serviceParent } from './service-parent.ts';
import { targets } from './targets.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/** Tags of what stands for a Service that does not exist. */
const UNKNOWN_SERVICE_TAGS = [
  'k8s-name:UNKNOWN',
  'k8s-namespace:UNKNOWN',
  'k8s-kind:Service',
  'k8s-uid:00000000-0000-0000-0000-000000000000',
  'k8s-group:core',
  'k8s-version:v1',
];

/** Kong's port for a service whose own port is not known. */
const UNRESOLVED_PORT = 80;

/** The Kong service, with its upstream, for a backend of Ingress rules; its value is the service's id. */
export const kongService: TranslationQuery<string> = {
  name: 'kong-service',
  compute: (key, reads) => emitService(key, reads, { isFromRule: true }),
};

/** The same for a default backend, which forwards no path. Where a rule leads to the service as well, the rule's stands. */
export const defaultKongService: TranslationQuery<string> = {
  name: 'default-kong-service',
  compute: (key, reads) => emitService(key, reads, { isFromRule: false }),
};

function emitService(key: string, reads: TranslationReads, { isFromRule }: { readonly isFromRule: boolean }): string {
  const { namespace, backend } = parseServiceKey(key);
  const name = serviceName(namespace, backend);
  const host = upstreamName(namespace, backend);
  const id = idFor(reads, 'services', name);
  const { tags, source, port, hasTargets } = describeBacking(key, reads);
  const fields = {
    name,
    host,
    port,
    protocol: 'http',
    ...(isFromRule ? { path: '/' } : {}),
    ...SERVICE_DEFAULTS,
    tags,
  };
  emitEntity(reads, { type: 'services', id, fields, source, rank: isFromRule ? 'rule' : 'rule or default backend' });
  const upstreamId = idFor(reads, 'upstreams', host);
  const upstream = { name: host, algorithm: 'round-robin', tags };
  emitEntity(reads, { type: 'upstreams', id: upstreamId, fields: upstream, source, rank: key });
  if (hasTargets) reads.query(targets, key);
  return id;
}

const SERVICE_DEFAULTS = { connect_timeout: 60_000, read_timeout: 60_000, write_timeout: 60_000, retries: 5 } as const;

interface BackingDescription {
  readonly port: number;
  readonly tags: readonly string[];
  readonly source: ObjectReference;
  readonly hasTargets: boolean;
}

/** A service without a usable backing stays, with an empty upstream: clients get 503 rather than 404. */
function describeBacking(key: string, reads: TranslationReads): BackingDescription {
  const backing = backingOf(key, reads);
  const { service, facade, wantedPort } = backing;
  facade?.problems.forEach((problem) => reads.report(problem));
  if (service === undefined) return describeMissing(key, backing, reads);
  service.problems.forEach((problem) => reads.report(problem));
  const { tags, reference: source } = facade ?? service;
  const resolution = resolvePort(service, wantedPort);
  if ('port' in resolution) return { port: resolution.port.port, tags, source, hasTargets: true };
  const parent = parentOf(key, backing, reads);
  const problem = { port: wantedPort, reason: resolution.reason };
  if (parent !== undefined) reads.report(unresolvedPort(parent, service.reference, problem));
  return { port: UNRESOLVED_PORT, tags, source, hasTargets: false };
}

function describeMissing(key: string, backing: Backing, reads: TranslationReads): BackingDescription {
  const { reference } = backing;
  const parent = parentOf(key, backing, reads);
  if (parent !== undefined && reference !== undefined) reads.report(missingService(parent, reference));
  const source = parent?.reference ?? reference ?? { kind: 'Service', name: key };
  return { port: UNRESOLVED_PORT, tags: UNKNOWN_SERVICE_TAGS, source, hasTargets: false };
}

/** A facade answers for its Service itself, as the Ingresses that lead to it could not mend what it names. */
function parentOf(key: string, { facade }: Backing, reads: TranslationReads): Place | undefined {
  if (facade === undefined) return reads.query(serviceParent, key);
  return { reference: facade.reference, location: ['spec', 'backendRef'] };
}
