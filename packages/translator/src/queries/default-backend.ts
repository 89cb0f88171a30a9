import { oldestAccepted } from './accepted-ingress.ts';
import { ingressesByDefaultBackend } from './indexes.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/**
 * Key of the one Ingress whose default backend counts: the oldest, whether or not its backend is of any use. The others
 * have none, silently, as in KIC.
 */
const defaultBackendWinner: TranslationQuery<string | undefined> = {
  name: 'default-backend-winner',
  compute: (_key, reads) => oldestAccepted(reads.keys(ingressesByDefaultBackend, ''), reads),
};

/** Key of the query above, of which there is one. */
const CLUSTER = '';

/** Whether that is the Ingress with this key. Apart from the above, so that a new winner matters to two Ingresses only. */
export const isDefaultBackendWinner: TranslationQuery<boolean> = {
  name: 'is-default-backend-winner',
  compute: (key, reads) => reads.query(defaultBackendWinner, CLUSTER) === key,
};

export function findDefaultBackendWinner(reads: TranslationReads): string | undefined {
  return reads.query(defaultBackendWinner, CLUSTER);
}
