import type { ObjectProblem, ObjectReference } from '../objects.ts';
import { FieldReader } from './field-reader.ts';
import { parseIdentity } from './object-identity.ts';
import type { ObjectIdentity } from './object-identity.ts';
import { isPathSegment } from './translated-kinds.ts';

/** What translation reads of a KongServiceFacade: another face of a Service, with annotations of its own. */
export interface KongServiceFacade extends ObjectIdentity {
  /** Annotation `kubernetes.io/ingress.class`; an empty one is not the same as none. */
  readonly classAnnotation: string | undefined;
  /** `undefined` where `spec.backendRef` is of no use. */
  readonly backend: FacadeBackend | undefined;
  /** Annotation `ingress.kubernetes.io/service-upstream`, which goes before the Service's; `undefined` for none. */
  readonly serviceUpstream: boolean | undefined;
  readonly problems: readonly ObjectProblem[];
}

export interface FacadeBackend {
  readonly service: string;
  /** In decimal. */
  readonly port: string;
}

export function parseKongServiceFacade(object: unknown, reference: ObjectReference): KongServiceFacade {
  const problems: ObjectProblem[] = [];
  const fields = FieldReader.of(object, reference, problems);
  const annotations = fields.at('metadata').at('annotations');
  const serviceUpstream = annotations.string('ingress.kubernetes.io/service-upstream');
  return {
    ...parseIdentity(fields, reference),
    classAnnotation: annotations.string('kubernetes.io/ingress.class'),
    backend: parseBackendRef(fields.at('spec').at('backendRef')),
    serviceUpstream: serviceUpstream === undefined ? undefined : serviceUpstream === 'true',
    problems,
  };
}

function parseBackendRef(fields: FieldReader): FacadeBackend | undefined {
  const service = fields.string('name');
  const port = fields.port('port');
  if (!isPathSegment(service)) return fields.refuse('name', 'the name of a Service');
  if (port === undefined) return fields.refuse('port', 'a port number from 0 to 65535');
  return { service, port: String(port) };
}
