import type { TranslationQuery } from './translation-graph.ts';

/** Reports an object that has no usable name, for as long as it is there. */
export const unusableObject: TranslationQuery<void> = {
  name: 'unusable-object',
  compute(key, reads) {
    const unusable = reads.object('Unusable', key);
    if (unusable !== undefined) reads.report(unusable.problem);
  },
};
