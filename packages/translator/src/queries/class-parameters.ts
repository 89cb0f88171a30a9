import type { TranslationQuery } from './translation-graph.ts';
import { settingsOf } from './translation-graph.ts';

/** Whether Ingresses without a class are ours. */
export const classIsDefault: TranslationQuery<boolean> = {
  name: 'class-is-default',
  compute: (_key, reads) => reads.object('IngressClass', settingsOf(reads).ingressClass)?.isDefault ?? false,
};

interface ClassParameters {
  readonly serviceUpstream: boolean;
  readonly legacyRegexDetection: boolean;
}

const DEFAULTS: ClassParameters = { serviceUpstream: false, legacyRegexDetection: false };

/** Settings of our IngressClass; without a class or with parameters that cannot be found, the defaults apply. */
const classParameters: TranslationQuery<ClassParameters> = {
  name: 'class-parameters',
  compute(_key, reads) {
    const ingressClass = reads.object('IngressClass', settingsOf(reads).ingressClass);
    ingressClass?.problems.forEach((problem) => reads.report(problem));
    if (ingressClass?.parametersKey === undefined) return DEFAULTS;
    const parameters = reads.object('IngressClassParameters', ingressClass.parametersKey);
    if (parameters === undefined) return DEFAULTS;
    parameters.problems.forEach((problem) => reads.report(problem));
    const { serviceUpstream, enableLegacyRegexDetection } = parameters;
    return { serviceUpstream, legacyRegexDetection: enableLegacyRegexDetection };
  },
};

/** One query per setting, as each has other readers: targets here, routes below. */
export const serviceUpstreamForAll: TranslationQuery<boolean> = {
  name: 'service-upstream-for-all',
  compute: (key, reads) => reads.query(classParameters, key).serviceUpstream,
};

export const legacyRegexDetection: TranslationQuery<boolean> = {
  name: 'legacy-regex-detection',
  compute: (key, reads) => reads.query(classParameters, key).legacyRegexDetection,
};

/** Key of the queries above, of which there is one each. */
export const OWN_CLASS = '';
