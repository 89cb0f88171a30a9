import type { ObjectProblem, ObjectReference } from '../objects.ts';
import { FieldReader } from './field-reader.ts';
import { parseIdentity } from './object-identity.ts';
import type { ObjectIdentity } from './object-identity.ts';

/** What translation reads of a Service. */
export interface KubernetesService extends ObjectIdentity {
  /** Where an ExternalName Service points to; `undefined` for all others. */
  readonly externalName: string | undefined;
  readonly ports: readonly ServicePort[];
  /** Annotation `ingress.kubernetes.io/service-upstream`. */
  readonly serviceUpstream: boolean;
  readonly problems: readonly ObjectProblem[];
}

export interface ServicePort {
  /** Empty when the port has none. */
  readonly name: string;
  readonly port: number;
  /** Set only where the target port is a name. */
  readonly targetPortName: string | undefined;
  readonly protocol: string;
}

export function parseKubernetesService(object: unknown, reference: ObjectReference): KubernetesService {
  const problems: ObjectProblem[] = [];
  const fields = FieldReader.of(object, reference, problems);
  const spec = fields.at('spec');
  const annotations = fields.at('metadata').at('annotations');
  return {
    ...parseIdentity(fields, reference),
    externalName: spec.string('type') === 'ExternalName' ? parseExternalName(spec) : undefined,
    ports: spec.records('ports').flatMap(parsePort),
    serviceUpstream: annotations.string('ingress.kubernetes.io/service-upstream') === 'true',
    problems,
  };
}

/** Empty, so that the Service still counts as one of this type, when the name is absent. */
function parseExternalName(spec: FieldReader): string {
  return spec.string('externalName') || (spec.refuse('externalName', 'the name to which the Service points') ?? '');
}

function parsePort(fields: FieldReader): readonly ServicePort[] {
  const name = fields.string('name') ?? '';
  const port = fields.port('port') ?? fields.refuse('port', 'a port number from 0 to 65535');
  const protocol = fields.string('protocol') || 'TCP'; // the default that an API server fills in
  return port === undefined ? [] : [{ name, port, targetPortName: parseTargetPortName(fields), protocol }];
}

/** A number and a name are both right here. */
function parseTargetPortName(fields: FieldReader): string | undefined {
  return fields.isNumber('targetPort') ? undefined : fields.string('targetPort');
}
