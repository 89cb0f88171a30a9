import type { IngressPath } from '../kubernetes/ingress.ts';
import { allOf, anyOf, predicate } from './expression.ts';
import type { Matcher } from './expression.ts';
import { DEFAULT_REGEX_PREFIX, withoutLeadingSlashes, withoutOuterSlashes } from './traditional-paths.ts';

export interface ExpressionMatch {
  /** Hosts as the Ingress gives them, unchecked. */
  readonly hosts: readonly string[];
  readonly paths: readonly IngressPath[];
  /** Annotation `konghq.com/regex-prefix`; here an empty one means the default. */
  readonly regexPrefix: string | undefined;
}

export interface ExpressionRoute {
  readonly expression: string;
  readonly priority: number;
}

/** What the route of a default backend matches: everything that nothing else does. */
export const defaultBackendMatch: ExpressionRoute = { expression: predicate('http.path', '^=', '/'), priority: 0 };

const LABELS = String.raw`[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*`;
const HOST = new RegExp(String.raw`^(\*\.)?${LABELS}(\.${LABELS})*(\.\*)?$`);

/** Expression and priority of an Ingress route for the router flavour `expressions`. */
export function expressionRoute(match: ExpressionMatch): ExpressionRoute {
  const prefix = match.regexPrefix || DEFAULT_REGEX_PREFIX;
  const paths = match.paths.map((path) => pathMatch(path, prefix));
  return {
    expression: allOf([hostMatcher(match.hosts), anyOf(paths.map(({ matcher }) => matcher))]),
    priority: priorityOf(match.hosts, paths),
  };
}

function hostMatcher(hosts: readonly string[]): Matcher {
  const valid = hosts.filter((host) => HOST.test(host));
  return anyOf(
    valid.map((host) =>
      host.startsWith('*') ? predicate('http.host', '=^', host.slice(1)) : predicate('http.host', '==', host),
    ),
  );
}

interface PathMatch {
  readonly matcher: Matcher;
  /** Whether the path counts as the more specific kind in the priority. */
  readonly isSpecific: boolean;
  readonly lengthBytes: number;
}

function pathMatch({ path, pathType }: IngressPath, regexPrefix: string): PathMatch {
  switch (pathType) {
    case 'Prefix':
      return prefixMatch(withoutOuterSlashes(path));
    case 'Exact': {
      const exact = `/${withoutLeadingSlashes(path)}`;
      return { matcher: predicate('http.path', '==', exact), isSpecific: true, lengthBytes: Buffer.byteLength(exact) };
    }
    case 'ImplementationSpecific':
      return path.startsWith(regexPrefix) ? regexMatch(path.slice(regexPrefix.length)) : characterPrefixMatch(path);
    default:
      return pathType satisfies never;
  }
}

function prefixMatch(base: string): PathMatch {
  if (base === '') return { ...characterPrefixMatch('/'), isSpecific: true };
  const matcher = anyOf([predicate('http.path', '==', `/${base}`), predicate('http.path', '^=', `/${base}/`)]);
  return { matcher, isSpecific: true, lengthBytes: 2 + Buffer.byteLength(base) };
}

function regexMatch(regex: string): PathMatch {
  const anchored = regex.startsWith('^') ? regex : `^${regex || '/'}`;
  return { matcher: predicate('http.path', '~', anchored), isSpecific: true, lengthBytes: Buffer.byteLength(regex) };
}

function characterPrefixMatch(path: string): PathMatch {
  return { matcher: predicate('http.path', '^=', path), isSpecific: false, lengthBytes: Buffer.byteLength(path) };
}

const SOURCE_INGRESS = 3 * 2 ** 44;
const MATCH_FIELD = 2 ** 41;
const PLAIN_HOSTS_ONLY = 2 ** 32;
const SPECIFIC_PATH = 2 ** 16;
const MAX_LENGTH = 65_535;

/** Below 2^46, so exact as a number; counted before hosts are checked, as KIC does. */
function priorityOf(hosts: readonly string[], paths: readonly PathMatch[]): number {
  const fields = [hosts, paths].filter((values) => values.length > 0).length;
  const isPlain = hosts.length > 0 && !hosts.some((host) => host.startsWith('*'));
  const isSpecific = paths.some((path) => path.isSpecific);
  const length = paths.reduce((longest, path) => Math.max(longest, path.lengthBytes), 0);
  return (
    SOURCE_INGRESS +
    fields * MATCH_FIELD +
    (isPlain ? PLAIN_HOSTS_ONLY : 0) +
    (isSpecific ? SPECIFIC_PATH : 0) +
    Math.min(length, MAX_LENGTH)
  );
}
