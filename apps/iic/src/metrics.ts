import type { Reconciliation } from '@koko/reconcilers';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the gauges read when somebody asks for the metrics. */
export interface MetricSources {
  revision(): number;
  entityCounts(): Readonly<Record<string, number>>;
  problemCount(): number;
  isLeading(): boolean;
  /** What was written to the cluster since the start. */
  writeCounts(): Readonly<Record<string, WriteCounts | undefined>>;
  nodesBySyncStatus(): Readonly<Record<string, number>>;
  queryRuns(): Readonly<Record<string, number>>;
}

/** Counts of one writer, by outcome. */
export type WriteCounts = object;

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Prometheus metrics of one controller, in a registry of their own. */
export class Metrics {
  readonly registry = new Registry();
  readonly #reconcileSeconds: Histogram<'stage'>;
  readonly #changes: Counter<'op'>;
  readonly #payloadSeconds: Histogram;
  readonly #payloadBytes: Gauge;
  readonly #pushes: Counter;

  constructor() {
    const registers = [this.registry];
    this.#reconcileSeconds = new Histogram({
      name: 'iic_reconcile_seconds',
      help: 'Time from changed objects to committed entities, by stage',
      labelNames: ['stage'],
      buckets: SECONDS,
      registers,
    });
    this.#changes = new Counter({
      name: 'iic_entity_changes_total',
      help: 'Entities written to the store',
      labelNames: ['op'],
      registers,
    });
    this.#payloadSeconds = new Histogram({
      name: 'iic_payload_build_seconds',
      help: 'Time to bring the payload for data planes up to date',
      buckets: SECONDS,
      registers,
    });
    this.#payloadBytes = new Gauge({ name: 'iic_payload_bytes', help: 'Size of the newest payload', registers });
    this.#pushes = new Counter({ name: 'iic_pushes_total', help: 'Payloads sent to data planes', registers });
  }

  /** Registers the gauges that are read on demand. */
  observe(sources: MetricSources): void {
    const { registry } = this;
    collectDefaultMetrics({ register: registry });
    gauge(registry, 'iic_revision', 'Revision of the store', () => sources.revision());
    gauge(registry, 'iic_problems', 'Problems on objects and manifests now', () => sources.problemCount());
    gauge(registry, 'iic_leader', 'Whether this process may write to the cluster', () => Number(sources.isLeading()));
    gaugeBy(registry, 'iic_entities', 'Entities in the store', 'type', () => sources.entityCounts());
    gaugeBy(registry, 'iic_nodes', 'Known data planes', 'sync_status', () => sources.nodesBySyncStatus());
    gaugeBy(registry, 'iic_query_runs', 'Runs of each translation query since start', 'query', () =>
      sources.queryRuns(),
    );
    this.#observeWrites(sources);
  }

  #observeWrites(sources: MetricSources): void {
    new Gauge({
      name: 'iic_cluster_writes',
      help: 'Writes to the cluster since start, by what was written and how it went; queued and active are as of now',
      labelNames: ['what', 'outcome'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [what, counts] of Object.entries(sources.writeCounts()))
          for (const [outcome, count] of Object.entries(counts ?? {})) this.set({ what, outcome }, count);
      },
    });
  }

  reconciled({ translateMs, writeMs, upserts, deletes }: Reconciliation): void {
    this.#reconcileSeconds.observe({ stage: 'translate' }, translateMs / 1000);
    this.#reconcileSeconds.observe({ stage: 'write' }, writeMs / 1000);
    this.#changes.inc({ op: 'upsert' }, upserts);
    this.#changes.inc({ op: 'delete' }, deletes);
  }

  payloadBuilt({ durationMs, sizeBytes }: { readonly durationMs: number; readonly sizeBytes: number }): void {
    this.#payloadSeconds.observe(durationMs / 1000);
    this.#payloadBytes.set(sizeBytes);
  }

  pushed(): void {
    this.#pushes.inc();
  }
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

function gaugeBy(
  registry: Registry,
  name: string,
  help: string,
  ...[label, read]: [label: string, read: () => Readonly<Record<string, number>>]
): void {
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, count] of Object.entries(read())) this.set({ [label]: value }, count);
    },
  });
}
