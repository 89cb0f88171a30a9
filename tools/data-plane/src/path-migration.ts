const PLAIN_PATH = /^[a-zA-Z0-9.\-_~/%]*$/;

const migrated = (path: unknown): unknown =>
  typeof path === 'string' && !path.startsWith('~') && !PLAIN_PATH.test(path) ? `~${path}` : path;

/**
 * Marks paths that look like regular expressions, as Kong 3 does with documents of format 1.1 and 2.1.
 * @see Kong Gateway, `kong/db/declarative/migrations/route_path.lua`
 */
export function withRegexPrefix(route: Record<string, unknown>): Record<string, unknown> {
  const { paths } = route;
  return Array.isArray(paths) ? { ...route, paths: paths.map(migrated) } : route;
}
