import { oldestAccepted } from './accepted-ingress.ts';
import { ingressesByDefaultBackend } from './indexes.ts';
import type { TranslationQuery } from './translation-graph.ts';

/**
 * Key of the one Ingress whose default backend counts: the oldest, whether or not its backend is of any use. The others
 * have none, silently, as in KIC.
 */
export const defaultBackendWinner: TranslationQuery<string | undefined> = {
  name: 'default-backend-winner',
  compute: (_key, reads) => oldestAccepted(reads.keys(ingressesByDefaultBackend, ''), reads),
};

/** Key of the query above, of which there is one. */
export const CLUSTER = '';
