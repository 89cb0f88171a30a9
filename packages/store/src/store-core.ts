import { silentLogger } from '@koko/lifecycle';
import type { Persister, ReadTransaction } from '@koko/persister';
import { ChangeLog } from './change-log.ts';
import { EntityIndex } from './entity-index.ts';
import { digestOf, recordOf } from './entity-record.ts';
import { scanEntries } from './entry-scan.ts';
import { RecentCommits } from './recent-commits.ts';
import { decodeEntity, decodeEntityKey, decodeRevision, entityPrefix, logPrefix } from './row-format.ts';
import { StoreError } from './store-error.ts';
import { StoreEmitter } from './store-events.ts';
import type { StoreOptions } from './store-options.ts';

/** What is kept in memory of one cluster. Changes only right after a commit, before anyone else has a turn. */
export interface ClusterState {
  readonly index: EntityIndex;
  readonly log: ChangeLog;
  readonly recent: RecentCommits;
  announced: number;
}

const DEFAULT_LIMITS = { maxRevisions: 10_000, maxChanges: 100_000, maxAgeMs: 3_600_000 };
const DEFAULT_RECENT_CHANGES = 5000;
const clusterPattern = /^[A-Za-z0-9_.-]{1,64}$/;

/** What the clusters of one store share. */
export class StoreCore {
  readonly persister: Persister;
  readonly options: StoreOptions;
  readonly emitter: StoreEmitter;
  readonly now: () => number;
  #clusters: Map<string, ClusterState> | undefined;

  constructor(options: StoreOptions) {
    this.options = options;
    this.persister = options.persister;
    this.emitter = new StoreEmitter(options.logger ?? silentLogger);
    this.now = options.now ?? Date.now;
  }

  /** Opens the persister and builds in memory what it holds. */
  async open(): Promise<void> {
    await this.persister.open();
    try {
      const clusters = new Map<string, ClusterState>();
      await this.persister.read(async (transaction) => await this.#load(transaction, clusters));
      this.#clusters = clusters;
    } catch (error) {
      await this.persister.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      await this.persister.close();
    } finally {
      const wasOpen = this.#clusters !== undefined;
      this.#clusters = undefined;
      if (wasOpen) this.emitter.emit('closed', { atMs: this.now() });
    }
  }

  /** @throws {StoreError} While the store is not open. */
  state(cluster: string): ClusterState {
    if (this.#clusters !== undefined) return this.#stateIn(this.#clusters, cluster);
    throw new StoreError('ERR_STORE_NOT_OPEN', 'Cannot use the store: it is not open; await open() first');
  }

  /** Tells listeners of a commit, unless they know of a later one. */
  announce(cluster: string, revision: number): void {
    const state = this.#clusters?.get(cluster);
    if (state === undefined || state.announced >= revision) return;
    state.announced = revision;
    this.emitter.emit('committed', { cluster, revision });
  }

  #stateIn(clusters: Map<string, ClusterState>, cluster: string): ClusterState {
    const known = clusters.get(cluster);
    if (known !== undefined) return known;
    const { changeLog, recentChanges = DEFAULT_RECENT_CHANGES } = this.options;
    const state: ClusterState = {
      index: new EntityIndex(),
      log: new ChangeLog({ ...DEFAULT_LIMITS, ...changeLog }),
      recent: new RecentCommits(recentChanges),
      announced: 0,
    };
    clusters.set(cluster, state);
    return state;
  }

  async #load(transaction: ReadTransaction, clusters: Map<string, ClusterState>): Promise<void> {
    for await (const { key, value } of scanEntries(transaction, entityPrefix)) {
      const { cluster, type, id } = decodeEntityKey(key);
      const { revision, json, entity } = decodeEntity(key, value);
      const record = recordOf({ type, id, revision, entity, digest: digestOf(json) });
      this.#stateIn(clusters, cluster).index.apply([], [record]);
    }
    for await (const { key, value } of scanEntries(transaction, logPrefix)) {
      const { cluster, logged } = decodeRevision(key, value);
      const state = this.#stateIn(clusters, cluster);
      state.log.add(logged, []);
      state.announced = logged.revision;
    }
  }
}

/** @throws {StoreError} When `name` cannot be a part of keys. */
export function assertClusterName(name: string): void {
  if (clusterPattern.test(name)) return;
  const shown = JSON.stringify(name.slice(0, 80));
  const message = `Cannot use cluster ${shown}: a name has 1 to 64 letters, digits, dots, hyphens and underscores`;
  throw new StoreError('ERR_STORE_CLUSTER_INVALID', message);
}
