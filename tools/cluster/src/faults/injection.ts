import type { ApiServer, ArmedFault, Fault, FaultRule, RequestFacts, WrittenObject } from '@koko/api-server';
import { until } from '../until.ts';
import type { FaultTarget } from './fault-cases.ts';

/** Whose requests for what a fault is to strike. */
export interface Victim {
  /** The user as whom the controller asks. */
  readonly user: string;
  readonly resource: string;
}

const STRUCK_WITHIN_MS = 120_000;
const PROVOKE_EVERY_MS = 100;
const BY_RULE: Readonly<Record<Exclude<FaultTarget, 'open watch'>, (facts: RequestFacts) => boolean>> = {
  'new watch': ({ verb, query }) => verb === 'watch' && !isListing(query),
  list: ({ verb, query }) => (verb === 'list' && query.get('limit') !== '1') || (verb === 'watch' && isListing(query)),
  'next page': ({ verb, query }) => verb === 'list' && query.has('continue'),
  get: ({ verb }) => verb === 'get',
  'status write': ({ verb, subresource }) => verb === 'patch' && subresource === 'status',
  'event write': ({ verb }) => verb === 'create' || verb === 'patch',
  'lease write': ({ verb }) => verb === 'update',
};

/**
 * Lets one fault happen to the victim, and makes it ask what the fault waits for.
 * @returns Settles once the fault has struck; to be awaited after the change that is to be hit.
 */
export async function inject(
  server: ApiServer,
  target: FaultTarget,
  victim: Victim,
  fault: Fault,
): Promise<() => Promise<void>> {
  const open = openWatchesOf(victim);
  if (target === 'open watch') {
    await strike(server, open, fault);
    return () => Promise.resolve();
  }
  const isStruck = BY_RULE[target];
  const isVictim = ({ user, resource }: RequestFacts): boolean => user === victim.user && resource === victim.resource;
  const armed = server.faults.add({ match: (facts) => isVictim(facts) && isStruck(facts), times: 1, fault });
  const provocation = PROVOCATIONS[target];
  if (provocation !== undefined) await strike(server, open, provocation);
  const provoke = [
    () => touch(server, victim.resource),
    () => provocation && server.faults.strike({ match: open, fault: provocation }),
  ];
  return () => untilStruck(armed, target, provoke);
}

/** What makes a controller ask in that way. */
const PROVOCATIONS: Readonly<Partial<Record<FaultTarget, Fault>>> = {
  'new watch': { kind: 'reset' },
  list: { kind: 'error-event', code: 410 },
  'next page': { kind: 'error-event', code: 410 },
};

/** An event that means nothing: an object changes that nothing refers to. */
function touch(server: ApiServer, resource: string): void {
  touches += 1;
  const metadata = { name: 'touched', namespace: 'default', annotations: { touched: String(touches) } };
  server.objects.apply(idleObject(resource, metadata));
}

let touches = 0;

function idleObject(resource: string, metadata: WrittenObject['metadata']): WrittenObject {
  switch (resource) {
    case 'ingresses':
      return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: { ingressClassName: 'none' } };
    case 'services':
      return { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: 'None' } };
    case 'endpointslices':
      return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType: 'IPv4', endpoints: [] };
    case 'secrets':
      return { apiVersion: 'v1', kind: 'Secret', metadata };
    default:
      throw new TypeError(`Cannot touch an object of ${resource}: its kind is not known here`);
  }
}

function isListing(query: URLSearchParams): boolean {
  return query.has('sendInitialEvents');
}

function openWatchesOf({ user, resource }: Victim): FaultRule['match'] {
  return (facts) => facts.verb === 'watch' && facts.user === user && facts.resource === resource;
}

/** The watch may just be on its way after the fault before. */
async function strike(server: ApiServer, match: FaultRule['match'], fault: Fault): Promise<void> {
  await until(() => (server.faults.strike({ match, fault }) > 0 ? undefined : 'no watch is open'), STRUCK_WITHIN_MS);
}

/** Once may not be enough: who has failed several times in a row, without an event between, lists instead of watching. */
async function untilStruck(armed: ArmedFault, target: FaultTarget, provoke: readonly (() => unknown)[]): Promise<void> {
  let provokedAt = performance.now();
  let provoked = 0;
  try {
    await until(() => {
      if (armed.struck > 0) return undefined;
      if (performance.now() - provokedAt > PROVOKE_EVERY_MS) {
        provoke[provoked % provoke.length]?.();
        provoked += 1;
        provokedAt = performance.now();
      }
      return `nobody asked for "${target}"`;
    }, STRUCK_WITHIN_MS);
  } finally {
    armed.disarm();
  }
}
