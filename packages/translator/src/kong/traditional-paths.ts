import type { IngressPath } from '../kubernetes/ingress.ts';

/** Marks a path as a regular expression when an Ingress has no `konghq.com/regex-prefix` of its own. */
export const DEFAULT_REGEX_PREFIX = '/~';

export interface TraditionalPathOptions {
  /** Annotation `konghq.com/regex-prefix`; an empty one makes every path a regular expression. */
  readonly regexPrefix: string | undefined;
  /** Take whatever looks like a regular expression for one, as Kong before 3.0 did. */
  readonly legacyRegexDetection: boolean;
}

/** Paths of a route for the traditional router flavours, in the order of the Ingress. */
export function traditionalPaths(paths: readonly IngressPath[], options: TraditionalPathOptions): readonly string[] {
  return paths.flatMap(pathsByType).map((path) => markRegex(path, options));
}

/** Kubernetes matches a prefix by segment (/api, not /apiary), Kong by character: hence two paths for one. */
function pathsByType({ path, pathType }: IngressPath): readonly string[] {
  switch (pathType) {
    case 'Prefix': {
      const base = withoutOuterSlashes(path);
      return base === '' ? ['/'] : [`/${base}/`, `~/${base}$`];
    }
    case 'Exact':
      return [`~/${withoutLeadingSlashes(path)}$`];
    case 'ImplementationSpecific':
      return [path];
    default:
      return pathType satisfies never;
  }
}

function markRegex(
  path: string,
  { regexPrefix = DEFAULT_REGEX_PREFIX, legacyRegexDetection }: TraditionalPathOptions,
): string {
  if (path.startsWith(regexPrefix)) return `~${path.slice(regexPrefix.length)}`;
  const looksLikeRegex = legacyRegexDetection && !path.startsWith('~') && /[^a-zA-Z0-9._~/%-]/.test(path);
  return looksLikeRegex ? `~${path}` : path;
}

export function withoutLeadingSlashes(path: string): string {
  return path.replace(/^\/+/, '');
}

export function withoutOuterSlashes(path: string): string {
  return withoutLeadingSlashes(path).replace(/\/$/, ''); // runs of slashes have been collapsed already
}
