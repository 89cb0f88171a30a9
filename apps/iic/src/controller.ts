import { hostname } from 'node:os';
import { DataPlaneServer } from '@koko/data-plane-server';
import type { DataPlaneServerTls } from '@koko/data-plane-server';
import { ChangeFeed } from '@koko/event-server';
import type { ClusterAccess, ReflectorLimits } from '@koko/kubernetes';
import { Lifecycle, silentLogger } from '@koko/lifecycle';
import type { Component, Logger, Runnable } from '@koko/lifecycle';
import { SqlitePersister } from '@koko/persister';
import { ConfigurationReconciler, StoreWriter } from '@koko/reconcilers';
import { Store } from '@koko/store';
import { Translator } from '@koko/translator';
import { Announcement } from './announcement.ts';
import { createClusterParts } from './cluster-parts.ts';
import type { ClusterParts } from './cluster-parts.ts';
import { createClusterWriters } from './cluster-writers.ts';
import type { Configuration } from './configuration/settings.ts';
import type { CertificatePair } from './development-certificates.ts';
import { HealthServer } from './health-server.ts';
import { listening } from './listening.ts';
import { Metrics } from './metrics.ts';
import { manifestSource } from './object-source.ts';
import { logReconciliation } from './problem-log.ts';
import { healthRoutes, StatusReport } from './status-report.ts';

export interface ControllerOptions {
  readonly configuration: Configuration;
  readonly certificates: CertificatePair;
  /** Follow this cluster instead of a directory of manifests. */
  readonly clusterAccess?: ClusterAccess;
  /** Times and sizes of what follows the cluster, where the defaults do not suit. */
  readonly sourceLimits?: Partial<ReflectorLimits>;
  /** How long a request to the API server may take. Default: 30,000. */
  readonly requestTimeoutMs?: number;
  /** What this replica is called in the Lease and in Events. Default: the name of the machine, which in a Pod is the Pod's. */
  readonly replicaName?: string;
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
  const store = createStore(configuration, logger);
  const cluster = createCluster(options, logger, () => lifecycle);
  const source = cluster?.source ?? manifestSource(configuration.manifests ?? '', logger);
  const translator = createTranslator(configuration);
  const metrics = new Metrics();
  const reconciler = new ConfigurationReconciler({
    source: source.source,
    translator,
    writer: new StoreWriter(store),
    logger,
    onReconciled(reconciliation) {
      metrics.reconciled(reconciliation);
      logReconciliation(logger, reconciliation);
      writers?.reconciled(reconciliation);
    },
  });
  const writers =
    cluster &&
    createClusterWriters({
      ...cluster,
      source: cluster.source.source,
      configuration,
      replicaName: options.replicaName ?? hostname(),
      accepted: () => translator.accepted(),
      problems: () => [...translator.problems(), ...reconciler.problems()],
      logger,
    });
  const dataPlaneServer = createDataPlaneServer(options, store, logger);
  dataPlaneServer.events.on('payloadBuilt', (event) => metrics.payloadBuilt(event));
  dataPlaneServer.events.on('pushed', () => metrics.pushed());
  const elector = cluster?.elector;
  const report = new StatusReport({ store, translator, reconciler, dataPlaneServer, source, elector, writers });
  metrics.observe(report);
  const mustLead = configuration['high-availability'] === 'leader';
  const healthServer: HealthServer = new HealthServer({
    host: configuration['health-host'],
    port: configuration['health-port'],
    routes: healthRoutes({ report, metrics, lifecycle: () => lifecycle, mustLead }),
  });
  const announcement = new Announcement(logger, () => ({
    ...(mustLead ? {} : { dataPlanes: dataPlaneServer.port }),
    health: healthServer.port,
    entities: Object.values(store.counts()).reduce((sum, count) => sum + count, 0),
  }));
  const lifecycle: Lifecycle = new Lifecycle({
    logger,
    components: [
      { runnable: healthServer },
      { runnable: store },
      ...(cluster?.components ?? [{ runnable: source.source }]),
      ...(writers?.components ?? []),
      {
        runnable: reconciler,
        dependsOn: ['store', source.source.name],
        startDeadlineMs: cluster === undefined ? FIRST_PASS_DEADLINE_MS : Infinity, // Secrets come from an API server
      },
      {
        runnable: listeningForDataPlanes(dataPlaneServer, configuration),
        // Nobody is served a half-read source.
        dependsOn: mustLead ? [reconciler.name, 'leader-elector'] : [reconciler.name],
        leaderOnly: mustLead,
      },
      { runnable: announcement, dependsOn: [mustLead ? 'leader-elector' : dataPlaneServer.name] },
      ...(options.extra ?? []),
    ],
  });
  if (elector === undefined) void lifecycle.gainLeadership(); // nobody else is there to lead
  return { lifecycle, store, dataPlaneServer, healthServer, announcement };
}

function createStore(configuration: Configuration, logger: Logger): Store {
  const snapshotFile = configuration['snapshot-file'];
  return new Store({
    persister: new SqlitePersister(snapshotFile === undefined ? {} : { snapshotFile }),
    validation: { routerFlavor: configuration['router-flavor'] },
    logger,
  });
}

function createCluster(
  { clusterAccess, configuration, replicaName = hostname(), sourceLimits, requestTimeoutMs }: ControllerOptions,
  logger: Logger,
  lifecycle: () => Lifecycle,
): ClusterParts | undefined {
  const surroundings = { configuration, logger, replicaName, sourceLimits, requestTimeoutMs, lifecycle };
  if (clusterAccess !== undefined) return createClusterParts({ clusterAccess, ...surroundings });
  if (configuration.manifests !== undefined) return undefined;
  throw new TypeError('A controller needs a directory of manifests or access to a cluster');
}

function createTranslator(configuration: Configuration): Translator {
  return new Translator({
    ingressClass: configuration['ingress-class'],
    routerFlavor: configuration['router-flavor'],
    clusterDomain: configuration['cluster-domain'],
    enableDrainSupport: configuration['enable-drain-support'],
    featureGates: configuration['feature-gates'],
  });
}

function createDataPlaneServer(options: ControllerOptions, store: Store, logger: Logger): DataPlaneServer {
  const { configuration } = options;
  return new DataPlaneServer({
    host: configuration['data-plane-host'],
    port: configuration['data-plane-port'],
    tls: tlsFor(options),
    feed: new ChangeFeed(store),
    clusterId: configuration['cluster-id'],
    logger,
  });
}

function listeningForDataPlanes(server: DataPlaneServer, configuration: Configuration): Runnable {
  const address = `${configuration['data-plane-host']}:${configuration['data-plane-port']}`;
  return listening(server, { purpose: 'data planes', flag: '--data-plane-port', address });
}

const FIRST_PASS_DEADLINE_MS = 10 * 60_000;

function tlsFor({ configuration, certificates, dataPlaneCa }: ControllerOptions): DataPlaneServerTls {
  const { certificate: cert, key } = certificates;
  if (configuration['data-plane-mtls'] === 'shared') return { mode: 'shared', cert, key };
  return { mode: 'pki', cert, key, ca: dataPlaneCa ?? '' };
}
