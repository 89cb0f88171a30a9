import type { ObjectProblem, ObjectReference } from '../objects.ts';
import { FieldReader } from './field-reader.ts';

/** What translation reads of an EndpointSlice. */
export interface EndpointSlice {
  /** `namespace/name` of the Service whose endpoints these are; `undefined` without the label. */
  readonly serviceKey: string | undefined;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
  readonly problems: readonly ObjectProblem[];
}

export interface EndpointPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

export interface Endpoint {
  readonly address: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
}

export function parseEndpointSlice(object: unknown, reference: ObjectReference): EndpointSlice {
  const problems: ObjectProblem[] = [];
  const fields = FieldReader.of(object, reference, problems);
  const service = fields.at('metadata').at('labels').string('kubernetes.io/service-name');
  return {
    serviceKey: service ? `${reference.namespace ?? ''}/${service}` : undefined,
    ports: fields.records('ports').flatMap(parsePort),
    endpoints: fields.records('endpoints').flatMap(parseEndpoint),
    problems,
  };
}

/** A port without a number stands for all ports, which Kong cannot express; one below zero is skipped just as silently. */
function parsePort(fields: FieldReader): readonly EndpointPort[] {
  const name = fields.string('name') ?? '';
  const port = fields.isNegative('port') ? undefined : fields.port('port');
  const protocol = fields.string('protocol') || 'TCP'; // the default that an API server fills in
  return port === undefined ? [] : [{ name, port, protocol }];
}

/** Further addresses of one endpoint are left out, as in KIC: they are the same pod once more. */
function parseEndpoint(fields: FieldReader): readonly Endpoint[] {
  const [address] = fields.strings('addresses');
  const conditions = fields.at('conditions');
  const isReady = conditions.boolean('ready') ?? true;
  const isTerminating = conditions.boolean('terminating') ?? false;
  return address ? [{ address, isReady, isTerminating }] : [];
}
