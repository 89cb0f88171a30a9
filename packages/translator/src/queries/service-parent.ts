import { isUsable } from '../kong/names.ts';
import type { Location } from '../kubernetes/ingress.ts';
import type { ObjectReference } from '../objects.ts';
import type { Place } from '../problems.ts';
import { acceptedRank } from './accepted-ingress.ts';
import { findDefaultBackendWinner } from './default-backend.ts';
import { ingressesByBackend } from './indexes.ts';
import { serviceKey } from './service-key.ts';
import type { TranslationQuery } from './translation-graph.ts';

/**
 * Whom to blame for a Kong service, and where in it the backend stands: of the Ingresses whose rules lead there the one with
 * the smallest key (KIC takes any), and where there are none the one with the default backend. Read only in trouble.
 */
export const serviceParent: TranslationQuery<Place | undefined> = {
  name: 'service-parent',
  compute(key, reads) {
    const byRule = reads.keys(ingressesByBackend, key).find((user) => reads.query(acceptedRank, user) !== undefined);
    const parent = byRule ?? findDefaultBackendWinner(reads);
    const places = parent === undefined ? undefined : reads.query(backendPlaces, parent);
    const location = places?.locations.get(key);
    return places === undefined || location === undefined ? undefined : { reference: places.reference, location };
  },
};

interface BackendPlaces {
  readonly reference: ObjectReference;
  /** Where each Kong service is led to first, by its key; the default backend comes after all rules. */
  readonly locations: ReadonlyMap<string, Location>;
}

/** Apart from the Ingress, so that no other change of it matters to the services it leads to. */
const backendPlaces: TranslationQuery<BackendPlaces | undefined> = {
  name: 'backend-places',
  compute(key, reads) {
    const ingress = reads.object('Ingress', key);
    if (ingress === undefined) return undefined;
    const { reference, routes, defaultBackend } = ingress;
    const byRule = routes.map(({ backend, paths }) => ({ backend, location: paths[0]?.location ?? [] }));
    const all = defaultBackend === undefined ? byRule : [...byRule, defaultBackend];
    const entries = all.flatMap(({ backend, location }) =>
      isUsable(backend) ? [[serviceKey(reference, backend), location] as const] : [],
    );
    return { reference, locations: new Map(entries.reverse()) }; // a later entry overrides an earlier one
  },
};
