import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What is built; `helm/go.mod` requires the same. */
export const HELM_VERSION = '4.2.4';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where Helm is built to, outside any work tree, by version and platform. */
export function cachedHelmFolder(environment: Environment): string {
  const cache = environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'koko-deployment', `helm-${HELM_VERSION}-${process.platform}-${process.arch}`);
}

/** The program, if `npm run build-helm` has built it. */
export function findHelm(environment: Environment): string | undefined {
  const program = join(cachedHelmFolder(environment), 'helm');
  return existsSync(program) ? program : undefined;
}
