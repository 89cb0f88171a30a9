import { randomUUID } from 'node:crypto';
import { ClusterLease, LeaderElector } from '@koko/kubernetes';
import type { ApiClient } from '@koko/kubernetes';
import type { Lifecycle, Logger } from '@koko/lifecycle';
import type { Configuration } from './configuration/settings.ts';

/** What an election needs besides settings. */
export interface ElectionSurroundings {
  readonly client: ApiClient;
  readonly logger: Logger;
  /** Read late, because the elector is itself one of the components. */
  readonly lifecycle: () => Lifecycle;
  /** What this replica is called; a random part is added. */
  readonly replicaName: string;
}

/** Elects the one replica that runs the components for leaders. */
export function createElector(configuration: Configuration, surroundings: ElectionSurroundings): LeaderElector {
  const { client, logger, lifecycle, replicaName } = surroundings;
  const namespace = configuration['election-namespace'] ?? client.namespace;
  // Controllers of different classes lead side by side.
  const name = configuration['election-id'] ?? `iic-${configuration['ingress-class']}`;
  return new LeaderElector({
    lease: new ClusterLease(client, namespace, name),
    identity: `${replicaName}_${randomUUID()}`,
    leaseDurationMs: configuration['lease-duration-seconds'] * 1000,
    renewDeadlineMs: configuration['renew-deadline-seconds'] * 1000,
    retryPeriodMs: configuration['retry-period-seconds'] * 1000,
    onGained: () => lifecycle().gainLeadership(),
    onLost: () => lifecycle().loseLeadership(),
    logger,
  });
}
