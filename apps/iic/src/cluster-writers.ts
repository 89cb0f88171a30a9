import { ClusterEventWriter, ClusterStatusWriter, PublishAddresses } from '@koko/kubernetes';
import type { ApiClient, ClusterSource, LeaderElector } from '@koko/kubernetes';
import type { Component, Logger, Runnable } from '@koko/lifecycle';
import { EventReporter, StatusReconciler } from '@koko/reconcilers';
import type { Reconciliation, StatusReconcilerOptions } from '@koko/reconcilers';
import type { ObjectProblem, ObjectReference } from '@koko/translator';
import type { Configuration } from './configuration/settings.ts';

/** What the leader needs to write about the cluster's objects. */
export interface WriterSurroundings {
  readonly configuration: Configuration;
  readonly client: ApiClient;
  readonly source: ClusterSource;
  /** Absent where nobody is elected. */
  readonly elector: LeaderElector | undefined;
  /** What stands as the reporter in Events. */
  readonly replicaName: string;
  /** Objects that are ours, all of them. */
  readonly accepted: () => Iterable<ObjectReference>;
  readonly problems: () => Iterable<ObjectProblem>;
  readonly logger: Logger;
}

/** Everything that writes to the cluster, as components that only the leader runs. */
export interface ClusterWriters {
  readonly components: readonly Component[];
  /** Tells them of a round, after its transaction. */
  reconciled(reconciliation: Reconciliation): void;
  readonly statusReconciler: StatusReconciler | undefined;
  readonly eventReporter: EventReporter | undefined;
}

export function createClusterWriters(surroundings: WriterSurroundings): ClusterWriters {
  const { configuration, elector } = surroundings;
  const addresses = createAddresses(surroundings);
  const statusReconciler = configuration['update-status'] ? createStatusReconciler(surroundings, addresses) : undefined;
  const eventReporter = configuration['emit-kubernetes-events'] ? createEventReporter(surroundings) : undefined;
  const election = elector === undefined ? [] : [elector.name];
  const dependsOn = ['cluster-connection', 'configuration-reconciler', ...election];
  const writers = [addresses, statusReconciler, eventReporter].filter((writer) => writer !== undefined);
  return {
    components: writers.map((runnable: Runnable) => ({ runnable, dependsOn, leaderOnly: true })),
    reconciled(reconciliation) {
      statusReconciler?.reconciled(reconciliation);
      eventReporter?.reconciled(reconciliation);
    },
    statusReconciler,
    eventReporter,
  };
}

/** Where data planes are reached, as far as anybody has said so. */
function createAddresses({ configuration, client, logger }: WriterSurroundings): PublishAddresses | undefined {
  const { 'publish-service': service, 'publish-status-address': addresses } = configuration;
  if (!configuration['update-status'] || (service === undefined && addresses.length === 0)) return undefined;
  return new PublishAddresses({ addresses, client, logger, ...(service === undefined ? {} : { service }) });
}

function createStatusReconciler(
  { client, source, elector, accepted, problems, logger }: WriterSurroundings,
  addresses: PublishAddresses | undefined,
): StatusReconciler {
  return new StatusReconciler({
    objects: lastSeenBy(source),
    writer: new ClusterStatusWriter({ client }),
    ...(addresses === undefined ? {} : { addresses }),
    accepted,
    problems,
    mayWrite: () => elector?.isLeading ?? true,
    logger,
  });
}

function createEventReporter(surroundings: WriterSurroundings): EventReporter {
  const { client, source, elector, replicaName, problems, logger } = surroundings;
  return new EventReporter({
    objects: lastSeenBy(source),
    writer: new ClusterEventWriter({ client, instance: replicaName }),
    problems,
    mayWrite: () => elector?.isLeading ?? true,
    logger,
  });
}

/** Objects have a status and Events whether or not translation refers to them. */
function lastSeenBy(source: ClusterSource): StatusReconcilerOptions['objects'] {
  return { find: (reference) => source.findMetadata(reference) };
}
