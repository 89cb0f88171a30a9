import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What is built; the go.mod beside the build script requires the same. */
export const SERVER_VERSIONS = { kubernetes: '1.36.3', etcd: '3.6.8' } as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the binaries are built to, outside any work tree, by version and platform. */
export function cachedBinariesFolder(environment: Environment): string {
  const cache = environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const { kubernetes, etcd } = SERVER_VERSIONS;
  return join(cache, 'koko-api-server', `kubernetes-${kubernetes}-etcd-${etcd}-${process.platform}-${process.arch}`);
}

/**
 * Finds the folder with `kube-apiserver` and `etcd`: that of the variable KUBEBUILDER_ASSETS, else what was built before.
 * @returns undefined where there is neither.
 * @throws {TypeError} When KUBEBUILDER_ASSETS names a folder without them.
 */
export function findServerBinaries(environment: Environment): string | undefined {
  const assets = environment['KUBEBUILDER_ASSETS'];
  if (assets !== undefined && assets !== '') {
    if (holdsServers(assets)) return assets;
    throw new TypeError(`Cannot use KUBEBUILDER_ASSETS: ${assets} does not hold kube-apiserver and etcd`);
  }
  const cached = cachedBinariesFolder(environment);
  return holdsServers(cached) ? cached : undefined;
}

function holdsServers(folder: string): boolean {
  return ['kube-apiserver', 'etcd'].every((program) => existsSync(join(folder, program)));
}
