import { IMPLICIT_PORT } from './kubernetes/ingress.ts';
import type { Backend, FacadeReference, Location } from './kubernetes/ingress.ts';
import type { ObjectProblem, ObjectReference, TranslatedEntity } from './objects.ts';
import { formatPath } from './kubernetes/field-reader.ts';

/** Where in an Ingress. */
export interface Place {
  readonly reference: ObjectReference;
  readonly location: Location;
}

export function missingService(parent: Place, service: ObjectReference): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_SERVICE_MISSING',
    path: parent.location,
    message:
      `Backend ${formatPath(parent.location)} names ${describeObject(service)}, which does not exist; ` +
      'its routes answer 503 until that Service is created or the backend names another',
    objects: [parent.reference],
  };
}

export function unresolvedPort(
  parent: Place,
  service: ObjectReference,
  { port, reason }: { readonly port: string; readonly reason: string },
): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_PORT_UNRESOLVED',
    path: parent.location,
    message:
      `Backend ${formatPath(parent.location)} asks for ${port === IMPLICIT_PORT ? 'the only port' : `port ${port}`} ` +
      `of ${describeObject(service)}: ${reason}; ` +
      'its routes answer 503 until one of the two is corrected',
    objects: [parent.reference, service],
  };
}

export function unsupportedBackend(place: Place, backend: Exclude<Backend, FacadeReference>): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_BACKEND_UNSUPPORTED',
    path: place.location,
    message:
      `Backend ${formatPath(place.location)} names ${describeBackend(backend)}; ` +
      'it is left out until it names a service',
    objects: [place.reference],
  };
}

function describeBackend(backend: Exclude<Backend, FacadeReference>): string {
  if (backend.kind === 'Service') return `Service "${backend.service}", which cannot be used`;
  const { apiGroup, resourceKind, name } = backend;
  if (resourceKind === '') return 'neither a service nor a resource';
  const kind = apiGroup === '' ? resourceKind : `${apiGroup}/${resourceKind}`;
  return `resource "${name}" of kind ${kind}, which cannot be a backend`;
}

export function facadesDisabled(place: Place, { facade }: FacadeReference): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_FACADES_DISABLED',
    path: place.location,
    message:
      `Backend ${formatPath(place.location)} names KongServiceFacade "${facade}", but the feature gate KongServiceFacade is off; ` +
      'it is left out until the gate is on or it names a service',
    objects: [place.reference],
  };
}

export function missingFacade(place: Place, { facade }: FacadeReference): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_FACADE_MISSING',
    path: place.location,
    message:
      `Backend ${formatPath(place.location)} names KongServiceFacade "${facade}", which does not exist or is of another class; ` +
      'it is left out until there is one',
    objects: [place.reference],
  };
}

export function routeNameTaken(
  place: Place,
  { name, instead }: { readonly name: string; readonly instead: string },
): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_ROUTE_NAME_TAKEN',
    path: place.location,
    message:
      `The route to backend ${formatPath(place.location)} would be named "${name}", which another route has already; ` +
      `it is named "${instead}" instead. Rename this Ingress to give it a name of its own`,
    objects: [place.reference],
  };
}

export function missingSecret(secretKey: string, users: readonly [Place, ...Place[]]): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_SECRET_MISSING',
    path: users[0].location,
    message:
      `Field ${formatPath(users[0].location)} names Secret "${secretKey}", which does not exist or may not be read; ` +
      'its hosts have no certificate until that Secret is there',
    objects: blamed(users),
  };
}

export function invalidKeyPair(
  secret: ObjectReference,
  fault: string,
  users: readonly [Place, ...Place[]],
): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_KEY_PAIR_INVALID',
    path: users[0].location,
    message:
      `Field ${formatPath(users[0].location)} names ${describeObject(secret)}, which holds no usable key pair: ${fault}; ` +
      'its hosts have no certificate until the Secret is corrected',
    objects: [...blamed(users), secret],
  };
}

export function entityConflict(winner: TranslatedEntity, loser: TranslatedEntity): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_ENTITY_CONFLICT',
    path: [],
    message:
      `Makes another entity of type ${loser.type} with id ${loser.id} than ${describeObject(winner.source)} does; ` +
      'that one stays. Rename one of the two objects',
    objects: [loser.source],
  };
}

export function identityMalformed(reference: ObjectReference, field: string): ObjectProblem {
  return {
    code: 'ERR_TRANSLATE_IDENTITY_MALFORMED',
    path: ['metadata', field],
    message: `Field metadata.${field} must be a name without a slash; the object is ignored until corrected`,
    objects: [reference],
  };
}

/** A mistake in this package; what the query would have made is left out. */
export function translationFailed(query: string, key: string, error: unknown): ObjectProblem {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    code: 'ERR_TRANSLATE_FAILED',
    path: [],
    message: `Translation failed in "${query}" for "${key}": ${reason}. Please report this; until then what depends on it is left out`,
    objects: [objectOfQuery(query, key)],
  };
}

/** Which object a query is mainly about, by the form of its key. */
function objectOfQuery(query: string, key: string): ObjectReference {
  const [namespace = '', name = ''] = key.split('/');
  if (name === '') return { kind: 'Ingress', name: key };
  if (['kong-service', 'default-kong-service', 'targets', 'service-parent'].includes(query)) {
    return { kind: 'Service', namespace, name };
  }
  const isOfSecret = ['certificate', 'needed-certificate', 'secret-users', 'secret-is-used'].includes(query);
  return { kind: isOfSecret ? 'Secret' : 'Ingress', namespace, name };
}

/** Ingress "shop/web" */
export function describeObject({ kind, namespace, name }: ObjectReference): string {
  return `${kind} "${namespace === undefined ? name : `${namespace}/${name}`}"`;
}

function blamed([first, ...others]: readonly [Place, ...Place[]]): [ObjectReference, ...ObjectReference[]] {
  return [first.reference, ...others.map(({ reference }) => reference)];
}
