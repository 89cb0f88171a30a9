import type { DataPlaneServer, NodeRecord } from '@koko/data-plane-server';
import type { ComponentStatus, Lifecycle } from '@koko/lifecycle';
import type { ConfigurationReconciler } from '@koko/reconcilers';
import type { Store } from '@koko/store';
import type { ObjectProblem, Translator } from '@koko/translator';
import { json, plain } from './health-server.ts';
import type { HealthServerOptions } from './health-server.ts';
import type { Metrics, MetricSources } from './metrics.ts';
import { describeObjects } from './object-names.ts';

/** Most problems and nodes that one answer lists; `…Count` tells how many there are. */
const MAX_LISTED = 1000;

export interface StatusSources {
  readonly store: Store;
  readonly translator: Translator;
  readonly reconciler: ConfigurationReconciler;
  readonly dataPlaneServer: DataPlaneServer;
  readonly sourceProblems: () => readonly object[];
  readonly sourceStatus: () => object;
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

  /** The answer of `/status`. */
  toJSON(): unknown {
    const { dataPlaneServer, sourceStatus } = this.#sources;
    const problems = this.#problems();
    const nodes = dataPlaneServer.nodes();
    return {
      source: sourceStatus(),
      revision: this.revision(),
      configHash: dataPlaneServer.status().configHash,
      entityCounts: this.entityCounts(),
      problemCount: problems.length,
      problems: problems.slice(0, MAX_LISTED),
      nodeCount: nodes.length,
      nodes: nodes.slice(0, MAX_LISTED).map(describeNode),
    };
  }

  #problems(): readonly object[] {
    const { sourceProblems, translator, reconciler } = this.#sources;
    return [...sourceProblems(), ...[...translator.problems(), ...reconciler.problems()].map(describeProblem)];
  }
}

/** The paths of the health server. */
export function healthRoutes(options: {
  readonly report: StatusReport;
  readonly metrics: Metrics;
  /** Read late, because the health server is itself one of the components. */
  readonly lifecycle: () => Lifecycle;
}): HealthServerOptions['routes'] {
  const { report, metrics, lifecycle } = options;
  return {
    '/healthz': () =>
      json(lifecycle().isHealthy() ? 200 : 503, { components: lifecycle().status().map(describeComponent) }),
    '/readyz': () =>
      plain(lifecycle().isReady() ? 200 : 503, lifecycle().isReady() ? 'ready' : 'not ready; see /healthz'),
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
