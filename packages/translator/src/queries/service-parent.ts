import { isUsable } from '../kong/names.ts';
import type { Ingress, Location } from '../kubernetes/ingress.ts';
import type { ObjectReference } from '../objects.ts';
import { acceptedRank } from './accepted-ingress.ts';
import { CLUSTER, defaultBackendWinner } from './default-backend.ts';
import { ingressesByBackend } from './indexes.ts';
import { serviceKey } from './service-key.ts';
import type { TranslationQuery } from './translation-graph.ts';

/** The Ingress to blame for a Kong service, and where in it the backend stands. */
export interface ServiceParent {
  readonly reference: ObjectReference;
  readonly location: Location;
}

/** Of the Ingresses that lead to a Kong service, the one with the smallest key; KIC takes any. Read only in trouble. */
export const serviceParent: TranslationQuery<ServiceParent | undefined> = {
  name: 'service-parent',
  compute(key, reads) {
    const byRule = reads.keys(ingressesByBackend, key).find((user) => reads.query(acceptedRank, user) !== undefined);
    const winner = reads.query(defaultBackendWinner, CLUSTER);
    const candidates = [byRule, winner].filter((candidate) => candidate !== undefined).sort();
    for (const candidate of candidates) {
      const ingress = reads.object('Ingress', candidate);
      const location = ingress && backendLocation(ingress, key, candidate === winner);
      if (ingress !== undefined && location !== undefined) return { reference: ingress.reference, location };
    }
    return undefined;
  },
};

function backendLocation(ingress: Ingress, key: string, isWinner: boolean): Location | undefined {
  const { reference, routes, defaultBackend } = ingress;
  const route = routes.find(({ backend }) => isUsable(backend) && serviceKey(reference, backend) === key);
  if (route !== undefined) return route.paths[0]?.location;
  if (!isWinner || defaultBackend === undefined || !isUsable(defaultBackend.backend)) return undefined;
  return serviceKey(reference, defaultBackend.backend) === key ? defaultBackend.location : undefined;
}
