import { DataPlaneServer } from '@koko/data-plane-server';
import type { DataPlaneServerTls } from '@koko/data-plane-server';
import { ChangeFeed } from '@koko/event-server';
import type { ClusterAccess, ReflectorLimits } from '@koko/kubernetes';
import { Lifecycle, silentLogger } from '@koko/lifecycle';
import type { Component, Logger } from '@koko/lifecycle';
import { SqlitePersister } from '@koko/persister';
import { ConfigurationReconciler, StoreWriter } from '@koko/reconcilers';
import { Store } from '@koko/store';
import { Translator } from '@koko/translator';
import { Announcement } from './announcement.ts';
import type { Configuration } from './configuration/settings.ts';
import type { CertificatePair } from './development-certificates.ts';
import { HealthServer } from './health-server.ts';
import { listening } from './listening.ts';
import { Metrics } from './metrics.ts';
import { createSource } from './object-source.ts';
import { logReconciliation } from './problem-log.ts';
import { healthRoutes, StatusReport } from './status-report.ts';

export interface ControllerOptions {
  readonly configuration: Configuration;
  readonly certificates: CertificatePair;
  /** Follow this cluster instead of a directory of manifests. */
  readonly clusterAccess?: ClusterAccess;
  /** Times and sizes of what follows the cluster, where the defaults do not suit. */
  readonly sourceLimits?: Partial<ReflectorLimits>;
  /** PEM certificates that sign data planes, for mode `pki`. */
  readonly dataPlaneCa?: string;
  readonly logger?: Logger;
  /** Further components beside the controller's own. */
  readonly extra?: readonly Component[];
}

/** IIC, put together and not yet started. */
export interface Controller {
  readonly lifecycle: Lifecycle;
  /** What is served, to be read by who is curious. */
  readonly store: Store;
  readonly dataPlaneServer: DataPlaneServer;
  readonly healthServer: HealthServer;
  /** Whether everything has been ready once. */
  readonly announcement: Announcement;
}

/** IIC as a list of components: objects are read, translated, stored and served; health is told from the first moment. */
export function createController(options: ControllerOptions): Controller {
  const { configuration, logger = silentLogger } = options;
  const snapshotFile = configuration['snapshot-file'];
  const store = new Store({
    persister: new SqlitePersister(snapshotFile === undefined ? {} : { snapshotFile }),
    validation: { routerFlavor: configuration['router-flavor'] },
    logger,
  });
  const { source, problems, status } = createSource(configuration, options, logger);
  const translator = new Translator({
    ingressClass: configuration['ingress-class'],
    routerFlavor: configuration['router-flavor'],
    clusterDomain: configuration['cluster-domain'],
    enableDrainSupport: configuration['enable-drain-support'],
    featureGates: configuration['feature-gates'],
  });
  const metrics = new Metrics();
  const reconciler = new ConfigurationReconciler({
    source,
    translator,
    writer: new StoreWriter(store),
    logger,
    onReconciled(reconciliation) {
      metrics.reconciled(reconciliation);
      logReconciliation(logger, reconciliation);
    },
  });
  const dataPlaneServer = new DataPlaneServer({
    host: configuration['data-plane-host'],
    port: configuration['data-plane-port'],
    tls: tlsFor(options),
    feed: new ChangeFeed(store),
    clusterId: configuration['cluster-id'],
    logger,
  });
  dataPlaneServer.events.on('payloadBuilt', (event) => metrics.payloadBuilt(event));
  dataPlaneServer.events.on('pushed', () => metrics.pushed());
  const report = new StatusReport({
    store,
    translator,
    reconciler,
    dataPlaneServer,
    sourceProblems: problems,
    sourceStatus: status,
  });
  metrics.observe(report);
  const healthServer: HealthServer = new HealthServer({
    host: configuration['health-host'],
    port: configuration['health-port'],
    routes: healthRoutes({ report, metrics, lifecycle: () => lifecycle }),
  });
  const announcement = new Announcement(logger, () => ({
    dataPlanes: dataPlaneServer.port,
    health: healthServer.port,
    entities: Object.values(store.counts()).reduce((sum, count) => sum + count, 0),
  }));
  const dataPlaneAddress = `${configuration['data-plane-host']}:${configuration['data-plane-port']}`;
  const lifecycle: Lifecycle = new Lifecycle({
    logger,
    components: [
      { runnable: healthServer },
      { runnable: store },
      { runnable: source, startDeadlineMs: Infinity }, // an API server may be away for as long as it likes
      { runnable: reconciler, dependsOn: ['store', source.name], startDeadlineMs: FIRST_PASS_DEADLINE_MS },
      {
        runnable: listening(dataPlaneServer, {
          purpose: 'data planes',
          flag: '--data-plane-port',
          address: dataPlaneAddress,
        }),
        dependsOn: ['configuration-reconciler'], // so that nobody is served a half-read source
      },
      { runnable: announcement, dependsOn: ['data-plane-server'] },
      ...(options.extra ?? []),
    ],
  });
  return { lifecycle, store, dataPlaneServer, healthServer, announcement };
}

const FIRST_PASS_DEADLINE_MS = 10 * 60_000;

function tlsFor({ configuration, certificates, dataPlaneCa }: ControllerOptions): DataPlaneServerTls {
  const { certificate: cert, key } = certificates;
  if (configuration['data-plane-mtls'] === 'shared') return { mode: 'shared', cert, key };
  return { mode: 'pki', cert, key, ca: dataPlaneCa ?? '' };
}
