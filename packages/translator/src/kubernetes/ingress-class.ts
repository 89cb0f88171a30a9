import type { ObjectProblem, ObjectReference } from '../objects.ts';
import { FieldReader } from './field-reader.ts';
import { isPathSegment } from './translated-kinds.ts';

/** What translation reads of an IngressClass. Its `spec.controller` is not compared: names alone decide, as in KIC. */
export interface IngressClass {
  readonly isDefault: boolean;
  /** `namespace/name` of its IngressClassParameters; `undefined` where it names none of that kind in a namespace. */
  readonly parametersKey: string | undefined;
  readonly problems: readonly ObjectProblem[];
}

/** Settings for all Ingresses of a class. */
export interface IngressClassParameters {
  readonly serviceUpstream: boolean;
  readonly enableLegacyRegexDetection: boolean;
  readonly problems: readonly ObjectProblem[];
}

export function parseIngressClass(object: unknown, reference: ObjectReference): IngressClass {
  const problems: ObjectProblem[] = [];
  const fields = FieldReader.of(object, reference, problems);
  const annotations = fields.at('metadata').at('annotations');
  return {
    isDefault: annotations.string('ingressclass.kubernetes.io/is-default-class') === 'true',
    parametersKey: parseParametersKey(fields.at('spec').at('parameters')),
    problems,
  };
}

/** KIC wants a scope, but does not look at which; an API server allows a namespace with the scope Namespace only. */
function parseParametersKey(parameters: FieldReader): string | undefined {
  const [apiGroup, kind, scope, namespace, name] = ['apiGroup', 'kind', 'scope', 'namespace', 'name'].map((field) =>
    parameters.string(field),
  );
  const isOurs = apiGroup === 'configuration.konghq.com' && kind === 'IngressClassParameters' && scope !== undefined;
  return isOurs && isPathSegment(namespace) && isPathSegment(name) ? `${namespace}/${name}` : undefined;
}

export function parseIngressClassParameters(object: unknown, reference: ObjectReference): IngressClassParameters {
  const problems: ObjectProblem[] = [];
  const spec = FieldReader.of(object, reference, problems).at('spec');
  return {
    serviceUpstream: spec.boolean('serviceUpstream') ?? false,
    enableLegacyRegexDetection: spec.boolean('enableLegacyRegexDetection') ?? false,
    problems,
  };
}
