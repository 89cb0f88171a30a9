import { ClusterSource } from '@koko/kubernetes';
import type { ApiClient, ClusterSourceStatus, ReflectorLimits } from '@koko/kubernetes';
import type { Logger, Runnable } from '@koko/lifecycle';
import { ManifestDirectory } from '@koko/manifests';
import type { ObjectSource } from '@koko/reconcilers';
import { translatedKinds } from '@koko/translator';
import type { TranslatedKind } from '@koko/translator';
import type { Configuration } from './configuration/settings.ts';
import { logManifestProblems } from './problem-log.ts';

/** Where the controller gets its objects, and what is wrong with that place. */
export interface ControllerSource {
  readonly source: ObjectSource & Runnable;
  readonly problems: () => readonly object[];
  /** Further facts for `/status`. */
  readonly status: () => object;
  /** What it still waits for, for people. */
  readonly waitsFor: () => readonly string[];
}

/** The objects of a directory of manifests. */
export function manifestSource(directory: string, logger: Logger): ControllerSource {
  const source = new ManifestDirectory({
    directory,
    logger,
    onProblems: (changes) => logManifestProblems(logger, changes),
  });
  const problems = (): readonly object[] =>
    source.problems().map(({ code, message, file, line }) => ({ code, message, file, line }));
  return { source, problems, status: () => ({ manifests: directory }), waitsFor: () => [] };
}

/** What a cluster source needs besides settings. */
export interface ClusterSurroundings {
  readonly client: ApiClient;
  readonly logger: Logger;
  readonly limits?: Partial<ReflectorLimits> | undefined;
}

/** The objects of a cluster. */
export function clusterSource(
  configuration: Configuration,
  surroundings: ClusterSurroundings,
): ControllerClusterSource {
  const { client, logger, limits } = surroundings;
  const wanted = new Set<string>(configuration.kinds);
  const isFollowed = ({ kind }: TranslatedKind): boolean => wanted.size === 0 || wanted.has(kind);
  tellLeftOut(
    translatedKinds.filter((kind) => !isFollowed(kind)),
    logger,
  );
  const source = new ClusterSource({
    client,
    kinds: translatedKinds.filter(isFollowed),
    watchNamespaces: configuration['watch-namespaces'],
    labelSelectors: configuration['label-selectors'],
    ...(limits === undefined ? {} : { limits }),
    logger,
  });
  const status = (): object => ({ cluster: describeCluster(source.status()) });
  return { source, problems: () => [], status, waitsFor: () => source.waitsFor() };
}

/** A controller's source that is a cluster. */
export interface ControllerClusterSource extends ControllerSource {
  readonly source: ClusterSource;
}

/** Nobody would look for the reason there when every Secret is said to be missing. */
function tellLeftOut(kinds: readonly TranslatedKind[], logger: Logger): void {
  const leftOut = kinds.filter(({ ingest }) => ingest !== 'always').map(({ kind }) => kind);
  if (leftOut.length === 0) return;
  logger.warn({ leftOut }, 'The setting kinds leaves these out: wherever they are referred to, they count as missing');
}

/** As JSON shows it: errors by their code and message. */
function describeCluster({ reflectors, ...status }: ClusterSourceStatus): object {
  return {
    ...status,
    reflectors: reflectors.map(({ lastError, ...reflector }) =>
      lastError === undefined
        ? reflector
        : { ...reflector, lastError: { code: lastError.code, message: lastError.message } },
    ),
  };
}
