/** What a request asks for, in Kubernetes' words; faults and the request log go by it. */
export interface RequestFacts {
  readonly verb: Verb;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Empty for the core group, and for paths that are no resource (`/version`). */
  readonly group: string;
  readonly version: string;
  /** Plural, e.g. `ingresses`; empty for discovery and other paths. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly userAgent: string;
  /** Who asks, where the server was given `users`; else empty. */
  readonly user: string;
}

/** What is known of who asks. */
export interface Requester {
  readonly userAgent?: string | undefined;
  readonly user?: string | undefined;
}

/** Kubernetes' verbs; `path` is a request that names no resource, e.g. discovery. */
export type Verb =
  'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection' | 'path' | 'unknown';

interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

export function requestFacts(method: string, url: string, { userAgent = '', user = '' }: Requester = {}): RequestFacts {
  const { pathname, searchParams } = new URL(url, 'http://server');
  const path = resourcePath(pathname);
  return {
    ...path,
    verb: verbFor(method, path, searchParams),
    method,
    path: pathname,
    query: searchParams,
    userAgent,
    user,
  };
}

const NOT_A_RESOURCE = { group: '', version: '', resource: '', subresource: '', namespace: undefined, name: undefined };
const NAMESPACE_SUBRESOURCES = ['status', 'finalize'];

function resourcePath(pathname: string): ResourcePath {
  const segments = pathname.split('/').filter(Boolean).map(decoded);
  const [root, ...rest] = segments;
  if (root === 'api') return withinVersion('', rest[0] ?? '', rest.slice(1));
  if (root === 'apis') return withinVersion(rest[0] ?? '', rest[1] ?? '', rest.slice(2));
  return NOT_A_RESOURCE;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // not our encoding: no object has such a name, so it is answered with 404
  }
}

function withinVersion(group: string, version: string, rest: readonly string[]): ResourcePath {
  const [first = '', second, third] = rest;
  const inNamespace = first === 'namespaces' && third !== undefined && !NAMESPACE_SUBRESOURCES.includes(third);
  const [resource = '', name, subresource = ''] = inNamespace ? rest.slice(2) : rest;
  return { group, version, resource, subresource, name, namespace: inNamespace ? second : undefined };
}

function verbFor(method: string, path: ResourcePath, query: URLSearchParams): Verb {
  if (path.resource === '') return 'path';
  const one = path.name !== undefined;
  switch (method) {
    case 'GET':
      if (one) return 'get'; // one object is watched by a fieldSelector on its name
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return one ? 'delete' : 'deletecollection';
    default:
      return 'unknown';
  }
}

/** Whether a query parameter says yes, as Go's ParseBool has it. */
export function isTrue(parameter: string | null): boolean {
  return parameter !== null && ['1', 't', 'true'].includes(parameter.toLowerCase());
}
