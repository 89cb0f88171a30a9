import { isUsable } from '../kong/names.ts';
import type { Backend, Ingress, UsableBackend } from '../kubernetes/ingress.ts';
import type { KongServiceFacade } from '../kubernetes/kong-service-facade.ts';
import { classIsDefault, OWN_CLASS } from './class-parameters.ts';
import { emitAccepted } from './emit-entity.ts';
import { serviceKey } from './service-key.ts';
import { settingsOf } from './translation-graph.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/** Whether there is such a facade and it is of our class. Here an empty class annotation is no class of ours. */
const facadeIsAccepted: TranslationQuery<boolean> = {
  name: 'facade-is-accepted',
  compute(key, reads) {
    const facade = settingsOf(reads).hasFacades ? reads.object('KongServiceFacade', key) : undefined;
    if (facade === undefined || !isOurs(facade, reads)) return false;
    emitAccepted(reads, facade.reference); // this query runs for those alone that an Ingress of ours names
    return true;
  },
};

function isOurs({ classAnnotation }: KongServiceFacade, reads: TranslationReads): boolean {
  if (classAnnotation === undefined) return reads.query(classIsDefault, OWN_CLASS);
  return classAnnotation === settingsOf(reads).ingressClass;
}

/** The backend if a route can lead to it. To a Service it always can: a missing one is an empty upstream. */
export function availableBackend(
  { reference }: Ingress,
  backend: Backend,
  reads: TranslationReads,
): UsableBackend | undefined {
  if (!isUsable(backend)) return undefined;
  const isThere = backend.kind === 'Service' || reads.query(facadeIsAccepted, serviceKey(reference, backend));
  return isThere ? backend : undefined;
}
