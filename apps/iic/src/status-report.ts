import type { DataPlaneServer, NodeRecord } from '@koko/data-plane-server';
import type { LeaderElector } from '@koko/kubernetes';
import type { ComponentStatus, Lifecycle } from '@koko/lifecycle';
import type { ConfigurationReconciler } from '@koko/reconcilers';
import type { Store } from '@koko/store';
import type { ObjectProblem, Translator } from '@koko/translator';
import type { ClusterWriters } from './cluster-writers.ts';
import { json, plain } from './health-server.ts';
import type { HealthAnswer, HealthServerOptions } from './health-server.ts';
import type { Metrics, MetricSources, WriteCounts } from './metrics.ts';
import { describeObjects } from './object-names.ts';
import type { ControllerSource } from './object-source.ts';

/** Most problems and nodes that one answer lists; `…Count` tells how many there are. */
const MAX_LISTED = 1000;

export interface StatusSources {
  readonly store: Store;
  readonly translator: Translator;
  readonly reconciler: ConfigurationReconciler;
  readonly dataPlaneServer: DataPlaneServer;
  readonly source: ControllerSource;
  /** Absent where nobody is elected. */
  readonly elector: LeaderElector | undefined;
  /** Absent where there is no cluster. */
  readonly writers: ClusterWriters | undefined;
}

/** What there is to say of a running controller, computed when somebody asks. */
export class StatusReport implements MetricSources {
  readonly #sources: StatusSources;

  constructor(sources: StatusSources) {
    this.#sources = sources;
  }

  revision(): number {
    return this.#sources.store.revision;
  }

  entityCounts(): Readonly<Record<string, number>> {
    return this.#sources.store.counts();
  }

  problemCount(): number {
    return this.#problems().length;
  }

  nodesBySyncStatus(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { syncStatus } of this.#sources.dataPlaneServer.nodes())
      counts[syncStatus] = (counts[syncStatus] ?? 0) + 1;
    return counts;
  }

  queryRuns(): Readonly<Record<string, number>> {
    return this.#sources.translator.runs();
  }

  /** Whether this process writes to the cluster, if there is one. */
  isLeading(): boolean {
    return this.#sources.elector?.isLeading ?? true;
  }

  /** What keeps this process from being ready, a line each. */
  waitsFor(): readonly string[] {
    return this.#sources.source
      .waitsFor()
      .slice(0, MAX_LISTED)
      .map((what) => `waits for ${what}`);
  }

  /** The answer of `/status`. */
  toJSON(): unknown {
    const { dataPlaneServer, source, elector } = this.#sources;
    const problems = this.#problems();
    const nodes = dataPlaneServer.nodes();
    return {
      source: source.status(),
      isLeading: this.isLeading(),
      ...(elector === undefined ? {} : { leader: elector.leader }),
      writes: this.writeCounts(),
      revision: this.revision(),
      configHash: dataPlaneServer.status().configHash,
      entityCounts: this.entityCounts(),
      problemCount: problems.length,
      problems: problems.slice(0, MAX_LISTED),
      nodeCount: nodes.length,
      nodes: nodes.slice(0, MAX_LISTED).map(describeNode),
    };
  }

  /** What has been written to the cluster, by what. */
  writeCounts(): Readonly<Record<'status' | 'events', WriteCounts | undefined>> {
    const { writers } = this.#sources;
    return { status: writers?.statusReconciler?.counters(), events: writers?.eventReporter?.counters() };
  }

  #problems(): readonly object[] {
    const { source, translator, reconciler } = this.#sources;
    return [...source.problems(), ...[...translator.problems(), ...reconciler.problems()].map(describeProblem)];
  }
}

/** The paths of the health server. */
export function healthRoutes(options: {
  readonly report: StatusReport;
  readonly metrics: Metrics;
  /** Read late, because the health server is itself one of the components. */
  readonly lifecycle: () => Lifecycle;
  /** Whether only the leader is ready. */
  readonly mustLead: boolean;
}): HealthServerOptions['routes'] {
  const { report, metrics, lifecycle, mustLead } = options;
  const readiness = (): HealthAnswer => {
    if (!lifecycle().isReady()) return plain(503, ['not ready; see /healthz', ...report.waitsFor()].join('\n'));
    return mustLead && !report.isLeading() ? plain(503, 'not ready; another replica leads') : plain(200, 'ready');
  };
  return {
    '/healthz': () =>
      json(lifecycle().isHealthy() ? 200 : 503, { components: lifecycle().status().map(describeComponent) }),
    '/readyz': readiness,
    '/metrics': async () => ({
      status: 200,
      contentType: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
    '/status': () => json(200, report),
  };
}

function describeComponent({ error, ...status }: ComponentStatus): object {
  return error === undefined ? status : { ...status, error: error instanceof Error ? error.message : 'unknown' };
}

function describeProblem({ code, message, path, objects }: ObjectProblem): object {
  return { code, message, path: path.join('.'), objects: describeObjects(objects) };
}

function describeNode({ lastSeen, problems, ...node }: NodeRecord): object {
  const since = (time: number): string => new Date(time).toISOString();
  const { plugins, ...rest } = node;
  return {
    ...rest,
    lastSeen: since(lastSeen),
    pluginCount: plugins.length,
    problems: problems.map((problem) => ({ ...problem, since: since(problem.since) })),
  };
}
