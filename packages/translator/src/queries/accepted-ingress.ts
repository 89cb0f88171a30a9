import type { Ingress } from '../kubernetes/ingress.ts';
import { classIsDefault, OWN_CLASS } from './class-parameters.ts';
import { settingsOf } from './translation-graph.ts';
import type { TranslationQuery, TranslationReads } from './translation-graph.ts';

/** The annotation goes before the field, and an Ingress with neither belongs to the default class. */
export function isAccepted({ classAnnotation, className }: Ingress, reads: TranslationReads): boolean {
  const named = classAnnotation || className;
  return named === undefined ? reads.query(classIsDefault, OWN_CLASS) : named === settingsOf(reads).ingressClass;
}

/** The rank of an Ingress of our class; `undefined` for one that is gone or not ours. For contests between Ingresses. */
export const acceptedRank: TranslationQuery<string | undefined> = {
  name: 'accepted-rank',
  compute(key, reads) {
    const ingress = reads.object('Ingress', key);
    return ingress !== undefined && isAccepted(ingress, reads) ? ingress.rank : undefined;
  },
};

/** Of the Ingresses in `keys`, the oldest of our class. */
export function oldestAccepted(keys: readonly string[], reads: TranslationReads): string | undefined {
  let oldest: { key: string; rank: string } | undefined;
  for (const key of keys) {
    const rank = reads.query(acceptedRank, key);
    if (rank !== undefined && (oldest === undefined || rank < oldest.rank)) oldest = { key, rank };
  }
  return oldest?.key;
}
