import type { ObjectProblem, ObjectReference } from '../objects.ts';
import { FieldReader } from './field-reader.ts';
import { parseIdentity } from './object-identity.ts';
import type { ObjectIdentity } from './object-identity.ts';
import { isPathSegment } from './translated-kinds.ts';

/** What translation reads of an Ingress. */
export interface Ingress extends ObjectIdentity {
  /** Annotation `kubernetes.io/ingress.class`. */
  readonly classAnnotation: string | undefined;
  readonly className: string | undefined;
  /** Annotation `konghq.com/regex-prefix`; an empty one is not the same as none. */
  readonly regexPrefix: string | undefined;
  readonly routes: readonly IngressRoute[];
  readonly defaultBackend: LocatedBackend | undefined;
  readonly tls: readonly IngressTls[];
  readonly problems: readonly ObjectProblem[];
}

/** All paths of one host that lead to one backend: they become one Kong route. */
export interface IngressRoute {
  /** Empty where the rule has none. */
  readonly host: string;
  readonly backend: Backend;
  readonly paths: readonly IngressPath[];
}

export interface IngressPath {
  /** Never empty, without runs of slashes. */
  readonly path: string;
  readonly pathType: PathType;
  /** Where in the Ingress the backend stands. */
  readonly location: Location;
}

export type PathType = 'Prefix' | 'Exact' | 'ImplementationSpecific';
export type Location = readonly (string | number)[];
export type UsableBackend = ServiceBackend | FacadeReference;
export type Backend = UsableBackend | ResourceBackend;

export interface ServiceBackend {
  readonly kind: 'Service';
  readonly service: string;
  /** A number in decimal, a port's name, or `implicitPort`. */
  readonly port: string;
}

/** A KongServiceFacade in the namespace of the Ingress. */
export interface FacadeReference {
  readonly kind: 'KongServiceFacade';
  readonly facade: string;
}

/** A resource that cannot be a backend. */
export interface ResourceBackend {
  readonly kind: 'resource';
  readonly apiGroup: string;
  readonly resourceKind: string;
  readonly name: string;
}

export interface LocatedBackend {
  readonly backend: Backend;
  readonly location: Location;
}

/** A TLS section that lists hosts and names a Secret; others have no effect. */
export interface IngressTls {
  readonly hosts: readonly string[];
  /** `namespace/name` */
  readonly secretKey: string;
  readonly location: Location;
}

/** Stands for the port in names when the Ingress names none. */
export const IMPLICIT_PORT = 'implicitPort';

export function parseIngress(object: unknown, reference: ObjectReference): Ingress {
  const problems: ObjectProblem[] = [];
  const fields = FieldReader.of(object, reference, problems);
  const annotations = fields.at('metadata').at('annotations');
  const spec = fields.at('spec');
  const defaultBackend = spec.find('defaultBackend');
  return {
    ...parseIdentity(fields, reference),
    classAnnotation: annotations.string('kubernetes.io/ingress.class'),
    className: spec.string('ingressClassName'),
    regexPrefix: annotations.string('konghq.com/regex-prefix'),
    routes: parseRoutes(spec),
    defaultBackend: defaultBackend && parseDefaultBackend(defaultBackend),
    tls: parseTls(spec, reference.namespace ?? ''),
    problems,
  };
}

interface OpenRoute extends IngressRoute {
  readonly paths: IngressPath[];
}

/** One route per host and backend, in the order in which they first appear; paths keep the order of the document. */
function parseRoutes(spec: FieldReader): readonly IngressRoute[] {
  const routes = new Map<string, OpenRoute>();
  for (const rule of spec.records('rules')) {
    const hasBadHost = rule.has('host') && rule.string('host') === undefined;
    if (hasBadHost) continue; // a route for no host at all would answer for every host
    for (const path of rule.at('http').records('paths')) addPath(routes, rule.string('host') ?? '', path);
  }
  return [...routes.values()];
}

function addPath(routes: Map<string, OpenRoute>, host: string, fields: FieldReader): void {
  const located = parsePath(fields);
  if (located === undefined) return;
  const key = JSON.stringify([host, located.backend]);
  const route = routes.get(key) ?? { host, backend: located.backend, paths: [] };
  routes.set(key, route);
  route.paths.push(located.path);
}

function parsePath(fields: FieldReader): { backend: Backend; path: IngressPath } | undefined {
  const path = fields.string('path');
  const pathType = fields.string('pathType') ?? 'ImplementationSpecific';
  const located = parseBackend(fields.at('backend'));
  if (path === undefined && fields.has('path')) return undefined;
  if (!isPathType(pathType)) return fields.refuse('pathType', 'Prefix, Exact or ImplementationSpecific');
  if (located === undefined) return undefined;
  const { backend, location } = located;
  return { backend, path: { path: (path ?? '').replace(/\/+/g, '/') || '/', pathType, location } };
}

function isPathType(text: string): text is PathType {
  return text === 'Prefix' || text === 'Exact' || text === 'ImplementationSpecific';
}

/** Of a Service and a resource, which an API server does not let stand side by side, the Service counts. */
function parseBackend(fields: FieldReader): LocatedBackend | undefined {
  const service = fields.find('service');
  const backend = service === undefined ? parseResourceBackend(fields) : parseServiceBackend(service);
  return backend && { backend, location: fields.path };
}

/** Here the resource counts, as in KIC. */
function parseDefaultBackend(fields: FieldReader): LocatedBackend | undefined {
  if (fields.find('resource') === undefined) return parseBackend(fields);
  const backend = parseResourceBackend(fields);
  return backend && { backend, location: fields.path };
}

function parseServiceBackend(fields: FieldReader): ServiceBackend | undefined {
  const service = fields.string('name');
  const hasBadPort = fields.has('port') && fields.find('port') === undefined;
  const port = parseBackendPort(fields.at('port'));
  if (!isPathSegment(service)) return fields.refuse('name', 'the name of a Service');
  return port === undefined || hasBadPort ? undefined : { kind: 'Service', service, port };
}

function parseBackendPort(fields: FieldReader): string | undefined {
  const number = fields.port('number');
  const name = fields.string('name');
  if (fields.has('number') && number === undefined) return undefined;
  if (number !== undefined && number !== 0) return String(number);
  if (fields.has('name') && name === undefined) return undefined;
  if (name?.includes('/')) return fields.refuse('name', 'the name of a port');
  return name || IMPLICIT_PORT;
}

/** Neither a Service nor a resource is a resource of no kind: unsupported just the same. */
function parseResourceBackend(fields: FieldReader): FacadeReference | ResourceBackend | undefined {
  const resource = fields.at('resource');
  const [apiGroup = '', resourceKind = '', name = ''] = ['apiGroup', 'kind', 'name'].map((field) =>
    resource.string(field),
  );
  const isMalformed = ['service', 'resource'].some((field) => fields.has(field) && fields.find(field) === undefined);
  if (isMalformed) return undefined;
  const isFacade = resourceKind === 'KongServiceFacade' && apiGroup === 'incubator.ingress-controller.konghq.com';
  if (isFacade && isPathSegment(name)) return { kind: 'KongServiceFacade', facade: name };
  return { kind: 'resource', apiGroup, resourceKind, name };
}

function parseTls(spec: FieldReader, namespace: string): readonly IngressTls[] {
  return spec.records('tls').flatMap((section) => {
    const listed = section.strings('hosts');
    const secretName = section.string('secretName') ?? '';
    if (listed.length === 0 || secretName === '') return [];
    if (!isPathSegment(secretName)) return section.refuse('secretName', 'the name of a Secret') ?? [];
    const hosts = listed.filter((host) => host !== ''); // Kong takes no empty SNI, but the certificate is asked for
    return [{ hosts, secretKey: `${namespace}/${secretName}`, location: [...section.path, 'secretName'] }];
  });
}
