import { createHash } from 'node:crypto';
import { defaultRouteName, routeName, routeNames } from '../kong/names.ts';
import type { Ingress, IngressRoute, Location, UsableBackend } from '../kubernetes/ingress.ts';
import { routeNameTaken } from '../problems.ts';
import { acceptedRank } from './accepted-ingress.ts';
import { availableBackend } from './facade.ts';
import { isDefaultBackendWinner } from './default-backend.ts';
import { ingressesByRouteName } from './indexes.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/** A wish for a route name. Ingress names and hosts hold dots, so different routes may wish for one. */
export interface RouteClaim {
  readonly name: string;
  /** Tells the route from all others. */
  readonly tuple: string;
  readonly location: Location;
}

export function ruleClaim(ingress: Ingress, { host, paths }: IngressRoute, backend: UsableBackend): RouteClaim {
  const tuple = JSON.stringify([ingress.key, host, backend]);
  return { name: routeName(ingress.reference, host, backend), tuple, location: paths[0]?.location ?? [] };
}

export function defaultClaim(ingress: Ingress): RouteClaim {
  const location = ingress.defaultBackend?.location ?? [];
  return { name: defaultRouteName(ingress.reference), tuple: JSON.stringify([ingress.key]), location };
}

/** Names that several routes of one Ingress wish for. */
export function repeatedNames({ reference, routes, defaultBackend }: Ingress): ReadonlySet<string> {
  const names = routeNames(reference, routes, defaultBackend !== undefined);
  const seen = new Set<string>();
  return new Set(names.filter((name) => seen.size === seen.add(name).size));
}

export interface ClaimingIngress {
  readonly ingress: Ingress;
  readonly repeated: ReadonlySet<string>;
}

/** The name that a route gets: the one it wishes for, unless an older route has it. */
export function settleRouteName(
  { ingress, repeated }: ClaimingIngress,
  claim: RouteClaim,
  reads: TranslationReads,
): string {
  const { name, tuple, location } = claim;
  const isAlone = reads.keys(ingressesByRouteName, name).length === 1 && !repeated.has(name);
  if (isAlone || reads.query(routeNameOwner, name) === tuple) return name;
  const instead = `${name}-${createHash('sha256').update(tuple).digest('hex').slice(0, 8)}`;
  reads.report(routeNameTaken({ reference: ingress.reference, location }, { name, instead }));
  return instead;
}

/** The tuple of the route that has the name: of the oldest Ingress, and there the first. */
const routeNameOwner: TranslationQuery<string | undefined> = {
  name: 'route-name-owner',
  compute(name, reads) {
    const claims = reads.keys(ingressesByRouteName, name).flatMap((key) => claimsOf(key, name, reads));
    return claims.reduce((best, claim) => (claim.rank < best.rank ? claim : best), claims[0] ?? NO_CLAIM).tuple;
  },
};

interface RankedTuple {
  readonly rank: string;
  readonly tuple: string | undefined;
}

const NO_CLAIM: RankedTuple = { rank: '', tuple: undefined };

function claimsOf(key: string, name: string, reads: TranslationReads): readonly RankedTuple[] {
  const rank = reads.query(acceptedRank, key);
  const ingress = rank === undefined ? undefined : reads.object('Ingress', key);
  if (rank === undefined || ingress === undefined) return [];
  const byRule = ingress.routes.flatMap((route) => {
    const backend = availableBackend(ingress, route.backend, reads);
    return backend === undefined ? [] : [ruleClaim(ingress, route, backend)];
  });
  const isDefault = ingress.defaultBackend !== undefined && reads.query(isDefaultBackendWinner, key);
  const claims = isDefault ? [...byRule, defaultClaim(ingress)] : byRule;
  return claims.filter((claim) => claim.name === name).map(({ tuple }) => ({ rank, tuple }));
}
