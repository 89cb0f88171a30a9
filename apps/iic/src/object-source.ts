import { ApiClient, ClusterSource } from '@koko/kubernetes';
import type { ClusterAccess } from '@koko/kubernetes';
import type { Logger, Runnable } from '@koko/lifecycle';
import { ManifestDirectory } from '@koko/manifests';
import type { ObjectSource } from '@koko/reconcilers';
import type { Configuration } from './configuration/settings.ts';
import { logManifestProblems } from './problem-log.ts';

/** Where the controller gets its objects, and what is wrong with that place. */
export interface ControllerSource {
  readonly source: ObjectSource & Runnable;
  readonly problems: () => readonly object[];
  /** Further facts for `/status`. */
  readonly status: () => object;
}

/** The cluster, where access to one is given; else the directory of manifests. */
export function createSource(
  configuration: Configuration,
  clusterAccess: ClusterAccess | undefined,
  logger: Logger,
): ControllerSource {
  if (clusterAccess !== undefined) return clusterSource(configuration, clusterAccess, logger);
  const { manifests: directory } = configuration;
  if (directory === undefined)
    throw new TypeError('A controller needs a directory of manifests or access to a cluster');
  const source = new ManifestDirectory({
    directory,
    logger,
    onProblems: (changes) => logManifestProblems(logger, changes),
  });
  const problems = (): readonly object[] =>
    source.problems().map(({ code, message, file, line }) => ({ code, message, file, line }));
  return { source, problems, status: () => ({ manifests: directory }) };
}

function clusterSource(configuration: Configuration, access: ClusterAccess, logger: Logger): ControllerSource {
  const source = new ClusterSource({
    client: new ApiClient({ access }),
    watchNamespaces: configuration['watch-namespaces'],
    logger,
  });
  return { source, problems: () => [], status: () => ({ cluster: source.status() }) };
}
