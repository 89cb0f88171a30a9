import { groupVersionOf } from './served-kind.ts';
import type { KindRegistry } from './kind-registry.ts';
import type { ServedKind } from './served-kind.ts';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.3',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'linux/amd64',
};

/** The body for a path that names no resource, or undefined where there is none. */
export function discoveryDocument(path: string, kinds: KindRegistry, address: string): unknown {
  const [root, first, second, ...rest] = path.split('/').filter(Boolean);
  if (rest.length > 0) return undefined;
  if (root === 'version' && first === undefined) return VERSION;
  if (root === 'api') return second === undefined ? coreDocument(first, kinds, address) : undefined;
  if (root !== 'apis') return root === undefined ? rootPaths(kinds) : undefined;
  if (first === undefined) return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(kinds).map(groupEntry) };
  if (second !== undefined) return resourceList(kinds.list().filter(inVersion(first, second)), `${first}/${second}`);
  const group = groupsOf(kinds).find(({ name }) => name === first);
  return group === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(group) };
}

function coreDocument(version: string | undefined, kinds: KindRegistry, address: string): unknown {
  if (version !== undefined) return resourceList(kinds.list().filter(inVersion('', version)), version);
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress: address }];
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs };
}

function rootPaths(kinds: KindRegistry): unknown {
  const groups = groupsOf(kinds).flatMap(({ name, versions }) => [
    `/apis/${name}`,
    ...versions.map((version) => `/apis/${name}/${version}`),
  ]);
  return { paths: ['/api', '/api/v1', '/apis', ...groups, '/healthz', '/livez', '/openapi/v3', '/readyz', '/version'] };
}

interface Group {
  readonly name: string;
  readonly versions: readonly string[];
}

function groupsOf(kinds: KindRegistry): readonly Group[] {
  const named = kinds.list().filter(({ group }) => group !== '');
  return [...Map.groupBy(named, ({ group }) => group)].map(([name, members]) => ({
    name,
    versions: [...new Set(members.map(({ version }) => version))].sort(byVersionPriority),
  }));
}

function groupEntry({ name, versions }: Group): object {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** Stable before beta before alpha, the higher number first, as Kubernetes orders versions. */
function byVersionPriority(a: string, b: string): number {
  const rank = (version: string): readonly number[] => {
    const [, major = '0', stage, minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
    return [stage === undefined ? 2 : stage === 'beta' ? 1 : 0, Number(major), Number(minor)];
  };
  const [first, second] = [rank(a), rank(b)];
  return second.map((value, index) => value - (first[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

function inVersion(group: string, version: string): (kind: ServedKind) => boolean {
  return (kind) => kind.group === group && kind.version === version;
}

function resourceList(kinds: readonly ServedKind[], groupVersion: string): unknown {
  if (kinds.length === 0) return undefined;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: kinds.flatMap(resourcesOf) };
}

function resourcesOf(kind: ServedKind): readonly object[] {
  const { plural, singular, namespaced, shortNames, categories } = kind;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: VERBS,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  };
  const status = {
    name: `${plural}/status`,
    singularName: '',
    namespaced,
    kind: kind.kind,
    verbs: ['get', 'patch', 'update'],
  };
  return kind.hasStatus ? [main, status] : [main];
}

/**
 * The least of OpenAPI by which kubectl sees that objects are validated here, not by itself:
 * one PATCH operation with `fieldValidation` for each kind.
 */
export function openApiDocument(path: string, kinds: KindRegistry): unknown {
  const groupVersions = Map.groupBy(kinds.list(), pathOfVersion);
  const wanted = path.replace(/^\/openapi\/v3\/?/, '');
  if (wanted === '') {
    const paths = [...groupVersions.keys()].map((key) => [key, { serverRelativeURL: `/openapi/v3/${key}` }]);
    return { paths: Object.fromEntries(paths) };
  }
  const members = groupVersions.get(wanted);
  if (members === undefined) return undefined;
  const info = { title: 'Kubernetes', version: VERSION.gitVersion };
  return { openapi: '3.0.0', info, paths: Object.fromEntries(members.map((kind) => patchOperation(wanted, kind))) };
}

function pathOfVersion(kind: ServedKind): string {
  return kind.group === '' ? `api/${kind.version}` : `apis/${groupVersionOf(kind)}`;
}

function patchOperation(prefix: string, { group, version, kind, plural, namespaced }: ServedKind): [string, object] {
  const path = namespaced ? `/${prefix}/namespaces/{namespace}/${plural}/{name}` : `/${prefix}/${plural}/{name}`;
  const parameters = [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }];
  const responses = { 200: { description: 'OK' } };
  return [path, { patch: { parameters, responses, 'x-kubernetes-group-version-kind': { group, version, kind } } }];
}
