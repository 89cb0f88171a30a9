import { defaultBackendMatch, expressionRoute } from '../kong/expression-route.ts';
import { traditionalPaths } from '../kong/traditional-paths.ts';
import type { Backend, Ingress, IngressRoute } from '../kubernetes/ingress.ts';
import { facadesDisabled, missingFacade, unsupportedBackend } from '../problems.ts';
import type { Place } from '../problems.ts';
import { isAccepted } from './accepted-ingress.ts';
import { neededCertificate } from './certificate.ts';
import { legacyRegexDetection, OWN_CLASS } from './class-parameters.ts';
import { isDefaultBackendWinner } from './default-backend.ts';
import { emitAccepted, emitEntity, idFor } from './emit-entity.ts';
import { availableBackend } from './facade.ts';
import { defaultKongService, kongService } from './kong-service.ts';
import { defaultClaim, repeatedNames, ruleClaim, settleRouteName } from './route-claim.ts';
import type { ClaimingIngress } from './route-claim.ts';
import { serviceKey } from './service-key.ts';
import { sni } from './sni.ts';
import { settingsOf } from './translation-graph.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/** The routes of one Ingress; whatever else it needs is asked for here, and is there for as long as it is. */
export const ingressRoutes: TranslationQuery<void> = {
  name: 'ingress-routes',
  compute(key, reads) {
    const ingress = reads.object('Ingress', key);
    if (ingress === undefined || !isAccepted(ingress, reads)) return;
    emitAccepted(reads, ingress.reference);
    for (const problem of ingress.problems) reads.report(problem);
    const claiming = { ingress, repeated: repeatedNames(ingress) };
    for (const route of ingress.routes) translateRoute(claiming, route, reads);
    if (ingress.defaultBackend !== undefined) translateDefaultBackend(claiming, reads);
    for (const { hosts, secretKey } of ingress.tls) {
      reads.query(neededCertificate, secretKey); // there even if other Ingresses have claimed all the hosts
      for (const host of hosts) reads.query(sni, host);
    }
  },
};

function translateRoute(claiming: ClaimingIngress, route: IngressRoute, reads: TranslationReads): void {
  const { ingress } = claiming;
  const { reference } = ingress;
  const backend = availableBackend(ingress, route.backend, reads);
  if (backend === undefined) {
    for (const { location } of route.paths) reportUnavailable({ reference, location }, route.backend, reads);
    return;
  }
  const service = reads.query(kongService, serviceKey(reference, backend));
  const name = settleRouteName(claiming, ruleClaim(ingress, route, backend), reads);
  emitRoute(ingress, { name, service, match: matchOf(ingress, route, reads) }, reads);
}

function reportUnavailable(place: Place, backend: Backend, reads: TranslationReads): void {
  if (backend.kind !== 'KongServiceFacade') return reads.report(unsupportedBackend(place, backend));
  reads.report(settingsOf(reads).hasFacades ? missingFacade(place, backend) : facadesDisabled(place, backend));
}

/** The default backend's route has no host and matches what nothing else does. */
function translateDefaultBackend(claiming: ClaimingIngress, reads: TranslationReads): void {
  const { ingress } = claiming;
  const { reference, defaultBackend } = ingress;
  if (defaultBackend === undefined || !reads.query(isDefaultBackendWinner, ingress.key)) return;
  const { location } = defaultBackend;
  const backend = availableBackend(ingress, defaultBackend.backend, reads);
  if (backend === undefined) return reportUnavailable({ reference, location }, defaultBackend.backend, reads);
  const service = reads.query(defaultKongService, serviceKey(reference, backend));
  const name = settleRouteName(claiming, defaultClaim(ingress), reads);
  const match = settingsOf(reads).isExpressions ? defaultBackendMatch : { ...TRADITIONAL_DEFAULTS, paths: ['/'] };
  emitRoute(ingress, { name, service, match }, reads);
}

const TRADITIONAL_DEFAULTS = { regex_priority: 0, path_handling: 'v0' } as const;

const ROUTE_DEFAULTS = {
  strip_path: false,
  preserve_host: true,
  request_buffering: true,
  response_buffering: true,
  https_redirect_status_code: 426,
} as const;

/** What makes the router take this route, in the fields of the router flavour. */
function matchOf(ingress: Ingress, { host, paths }: IngressRoute, reads: TranslationReads): object {
  const { regexPrefix } = ingress;
  const hosts = host === '' ? [] : [host];
  if (settingsOf(reads).isExpressions) return expressionRoute({ hosts, paths, regexPrefix });
  const options = { regexPrefix, legacyRegexDetection: reads.query(legacyRegexDetection, OWN_CLASS) };
  return {
    ...(hosts.length === 0 ? {} : { hosts }),
    paths: traditionalPaths(paths, options),
    ...TRADITIONAL_DEFAULTS,
  };
}

function emitRoute(
  ingress: Ingress,
  { name, service, match }: { readonly name: string; readonly service: string; readonly match: object },
  reads: TranslationReads,
): void {
  const { tags, reference: source, rank } = ingress;
  const fields = { name, service: { id: service }, ...match, ...ROUTE_DEFAULTS, tags };
  emitEntity(reads, { type: 'routes', id: idFor(reads, 'routes', name), fields, source, rank });
}
