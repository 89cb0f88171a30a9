import type { ApiClient, ClusterAccess, LeaderElector, ReflectorLimits } from '@koko/kubernetes';
import type { Component, Lifecycle, Logger } from '@koko/lifecycle';
import { ClusterConnection } from './cluster-connection.ts';
import type { Configuration } from './configuration/settings.ts';
import { createElector } from './leadership.ts';
import { clusterSource } from './object-source.ts';
import type { ControllerClusterSource } from './object-source.ts';

/** How to follow a cluster, and as whom. */
export interface ClusterOptions {
  readonly clusterAccess: ClusterAccess;
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly replicaName: string;
  readonly sourceLimits?: Partial<ReflectorLimits> | undefined;
  readonly requestTimeoutMs?: number | undefined;
  /** Read late, because it is made of these parts. */
  readonly lifecycle: () => Lifecycle;
}

/** What a controller has where it follows a cluster. */
export interface ClusterParts {
  readonly client: ApiClient;
  readonly source: ControllerClusterSource;
  /** Absent where nobody is elected: then this process leads. */
  readonly elector: LeaderElector | undefined;
  readonly components: readonly Component[];
}

/** Source and election, on one connection. */
export function createClusterParts(options: ClusterOptions): ClusterParts {
  const { clusterAccess, configuration, logger, replicaName, sourceLimits: limits, lifecycle } = options;
  const connection = new ClusterConnection(clusterAccess, logger, options.requestTimeoutMs);
  const { client } = connection;
  const source = clusterSource(configuration, { client, logger, limits });
  const isElecting = configuration['leader-election'];
  const elector = isElecting ? createElector(configuration, { client, logger, lifecycle, replicaName }) : undefined;
  const election: readonly Component[] =
    elector === undefined ? [] : [{ runnable: elector, dependsOn: [connection.name, 'configuration-reconciler'] }]; // who leads can serve
  const components = [
    { runnable: connection },
    // An API server may be away for as long as it likes.
    { runnable: source.source, dependsOn: [connection.name], startDeadlineMs: Infinity },
    ...election,
  ];
  return { client, source, elector, components };
}
