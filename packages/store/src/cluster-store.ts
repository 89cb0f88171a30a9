import { entityTypes } from '@koko/model';
import type { EntityInput, EntityOf, EntityType } from '@koko/model';
import type { TransactionOptions, WriteTransaction } from '@koko/persister';
import { judgeBatch } from './batch-judge.ts';
import type { Verdict } from './batch-judge.ts';
import { prepareBatch } from './batch-preparation.ts';
import type { PreparedChange } from './batch-preparation.ts';
import { effectsOf } from './batch-effects.ts';
import { coalesce, logMutations } from './change-log.ts';
import type { LoggedChange, LoggedRevision } from './change-log.ts';
import type { AppliedChange, Commit, EntityChange, TypedEntity } from './entity-change.ts';
import { rulesFor, uniqueKeyFor } from './entity-rules.ts';
import { listEntities } from './entity-list.ts';
import type { EntityFilter, EntityPage } from './entity-list.ts';
import { scanEntries } from './entry-scan.ts';
import { pace } from './pacing.ts';
import * as rows from './row-format.ts';
import type { ClusterState, StoreCore } from './store-core.ts';
import { batchRefused, StoreError } from './store-error.ts';
import type { StoreEventSource } from './store-events.ts';

/** Everything at one revision. */
export interface Snapshot {
  readonly revision: number;
  readonly entities: readonly TypedEntity[];
}

/** What led from an earlier revision to `revision`: of each entity the last change, with its present content. */
export interface ChangesSince {
  readonly revision: number;
  readonly changes: readonly AppliedChange[];
}

/** The entities of one cluster. A cluster exists as soon as something is written to it. */
export class ClusterStore {
  readonly #core: StoreCore;
  readonly #encoder = new rows.EntityEncoder(); // writers have their turns one at a time
  readonly clusterName: string;
  /** Tells of commits in all clusters of the store. */
  readonly events: StoreEventSource;

  constructor(core: StoreCore, clusterName: string) {
    this.#core = core;
    this.clusterName = clusterName;
    this.events = core.emitter;
  }

  /** The revision of the last commit; 0 before the first one. */
  get revision(): number {
    return this.#state.log.revision;
  }

  /**
   * Makes all changes in one transaction or none. References and unique keys are judged in the state that the whole batch
   * leaves, so their order does not matter; of several changes to one entity the last counts. Upserts are validated and
   * filled by the model. What changes nothing makes no revision.
   * @throws {StoreError} `ERR_STORE_BATCH_REFUSED` with every offender; without these the batch would pass.
   */
  async write(changes: readonly EntityChange[], options: TransactionOptions = {}): Promise<Commit> {
    const state = this.#state;
    const work = async (transaction: WriteTransaction): Promise<Commit> => {
      const verdict = await this.#judge(state, changes, transaction);
      return await this.#commit(state, verdict, transaction);
    };
    const commit = await this.#core.persister.write(work, options);
    if (commit.changes.length > 0) this.#core.announce(this.clusterName, commit.revision);
    return commit;
  }

  /** Stores a new entity. @throws {StoreError} Also when one with this id exists. */
  async create<T extends EntityType>(type: T, entity: EntityInput): Promise<EntityOf<T>> {
    const { changes } = await this.write([{ op: 'upsert', type, entity, ifRevision: 0 }]);
    const [change] = changes;
    if (change?.op !== 'upsert') throw new Error('A created entity is always a change');
    return change.entity as unknown as EntityOf<T>; // validated as T by this very write
  }

  /** Stores an entity as a whole, whether or not it exists. */
  async upsert(type: EntityType, entity: EntityInput): Promise<Commit> {
    return await this.write([{ op: 'upsert', type, entity }]);
  }

  /** Deletes an entity, and by the model's rules what refers to it; that none exists is no error. */
  async delete(type: EntityType, id: string): Promise<Commit> {
    return await this.write([{ op: 'delete', type, id }]);
  }

  /** @throws {StoreError} `ERR_STORE_NOT_FOUND`. */
  async get<T extends EntityType>(type: T, id: string): Promise<EntityOf<T>> {
    const entity = await this.find(type, id);
    if (entity !== undefined) return entity;
    throw new StoreError('ERR_STORE_NOT_FOUND', `Cannot get ${type} ${JSON.stringify(id)}: it does not exist`);
  }

  async find<T extends EntityType>(type: T, id: string): Promise<EntityOf<T> | undefined> {
    const key = rows.entityRowKey(this.clusterName, type, id);
    const value = await this.#core.persister.read(async (transaction) => await transaction.get(key));
    // What is stored under this type was validated as such.
    return value && (rows.decodeEntity(key, value).entity as unknown as EntityOf<T>);
  }

  /**
   * Finds an entity by a unique key, e.g. `findBy('targets', { upstream: { id }, target: '10.0.0.1:80' })`.
   * @throws {StoreError} `ERR_STORE_KEY_NOT_UNIQUE` when these fields are not unique together.
   */
  async findBy<T extends EntityType>(type: T, values: EntityInput): Promise<EntityOf<T> | undefined> {
    const rules = rulesFor(type);
    const given = Object.keys(values).toSorted().join();
    if (!rules.uniques.some(({ fields }) => fields.toSorted().join() === given)) {
      const known = rules.uniques.map(({ fields }) => fields.join('+')).join(', ');
      const message = `Cannot find ${type} by ${given}: that is not unique; unique are: ${known || 'ids only'}`;
      throw new StoreError('ERR_STORE_KEY_NOT_UNIQUE', message);
    }
    const uniqueKey = uniqueKeyFor(rules, values);
    const holder = uniqueKey === undefined ? undefined : this.#state.index.holder(uniqueKey);
    return holder && (await this.find(type, holder.id));
  }

  /** Lists the entities of a type in order of their ids. Filtering by tags reads every entity of the type. */
  async list<T extends EntityType>(type: T, filter: EntityFilter = {}): Promise<EntityPage<EntityOf<T>>> {
    return await this.#core.persister.read(
      async (transaction) => await listEntities(transaction, this.clusterName, type, filter),
    );
  }

  /** How many entities of a type there are. */
  count(type: EntityType): number {
    return this.#state.index.count(type);
  }

  /** How many entities there are, by type; types without any are left out. */
  counts(): Partial<Record<EntityType, number>> {
    const all = entityTypes.map((type) => [type, this.count(type)] as const);
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }

  /** The revision that last changed an entity, for `ifRevision`; `undefined` when there is none. */
  revisionOf(type: EntityType, id: string): number | undefined {
    return this.#state.index.find(type, id)?.revision;
  }

  /** Everything there is, at one revision, parents before the children that refer to them. */
  async snapshot(): Promise<Snapshot> {
    const state = this.#state;
    return await this.#core.persister.read(async (transaction) => {
      const entities: TypedEntity[] = [];
      for (const type of entityTypes) {
        if (state.index.count(type) === 0) continue;
        for await (const { key, value } of scanEntries(transaction, rows.typePrefix(this.clusterName, type))) {
          entities.push({ type, entity: rows.decodeEntity(key, value).entity });
        }
      }
      return { revision: state.log.revision, entities };
    });
  }

  /** What changed after a revision; `trimmed` when that is not known (any more) and a snapshot has to be taken. */
  async changesSince(revision: number): Promise<ChangesSince | 'trimmed'> {
    const state = this.#state;
    const current = state.log.revision;
    if (!state.log.covers(revision)) return 'trimmed';
    const recent = revision === current ? [] : state.recent.after(revision);
    if (recent === undefined) return await this.#loggedChangesSince(revision);
    const [only] = recent;
    if (recent.length === 1 && only !== undefined) return only;
    return {
      revision: current,
      changes: coalesce(
        recent.flatMap(({ changes }) => changes),
        nameOf,
      ),
    };
  }

  get #state(): ClusterState {
    return this.#core.state(this.clusterName);
  }

  async #judge(
    { index, log }: ClusterState,
    changes: readonly EntityChange[],
    transaction: WriteTransaction,
  ): Promise<Verdict<PreparedChange>> {
    const { timestamps, validation = {} } = this.#core.options;
    const { proposals, offenders } = await prepareBatch(changes, {
      cluster: this.clusterName,
      index,
      revision: log.revision + 1,
      transaction,
      validation,
      stampAt: timestamps === 'assign' ? this.#core.now() : undefined,
    });
    const verdict = judgeBatch(index, proposals, offenders);
    if (offenders.size === 0) return verdict;
    throw batchRefused([...offenders.values()].sort((a, b) => a.index - b.index));
  }

  async #commit(
    { index, log, recent }: ClusterState,
    verdict: Verdict<PreparedChange>,
    transaction: WriteTransaction,
  ): Promise<Commit> {
    const { changes, put, removed } = effectsOf(index, verdict);
    if (changes.length === 0) return { revision: log.revision, changes };
    const logged: LoggedRevision = { revision: log.revision + 1, at: this.#core.now(), changes: changes.map(loggedOf) };
    await this.#assertAlone(logged.revision, transaction);
    for (const { type, id } of removed) await transaction.delete(rows.entityRowKey(this.clusterName, type, id));
    let step = 0;
    for (const { type, id, record, entity } of put) {
      step += 1;
      const pause = pace(step);
      if (pause !== undefined) await pause;
      const value = this.#encoder.encode(record.revision, JSON.stringify(entity));
      await transaction.put(rows.entityRowKey(this.clusterName, type, id), value); // which copies the bytes
    }
    const expired = log.expiring(logged.at, changes.length);
    const keyOf = (revision: number): string => rows.logRowKey(this.clusterName, revision);
    await transaction.mutate(logMutations(keyOf, logged, expired));
    const commit: Commit = { revision: logged.revision, changes };
    const records = put.map(({ record }) => record);
    transaction.onCommitted(() => {
      index.apply(removed, records);
      log.add(logged, expired);
      recent.add(commit);
    });
    return commit;
  }

  /** Another store on the same persister would know nothing of our commits, nor we of its. */
  async #assertAlone(revision: number, transaction: WriteTransaction): Promise<void> {
    if ((await transaction.get(rows.logRowKey(this.clusterName, revision))) === undefined) return;
    throw new StoreError(
      'ERR_STORE_SECOND_WRITER',
      `Cannot write revision ${revision} of cluster "${this.clusterName}": another store has written it; use one store per persister`,
    );
  }

  async #loggedChangesSince(revision: number): Promise<ChangesSince | 'trimmed'> {
    const { log } = this.#state;
    return await this.#core.persister.read(async (transaction) => {
      if (!log.covers(revision)) return 'trimmed'; // by a commit that this transaction waited for
      const logged: LoggedChange[] = [];
      for (let next = revision + 1; next <= log.revision; next += 1) {
        const key = rows.logRowKey(this.clusterName, next);
        const value = await transaction.get(key);
        if (value !== undefined) logged.push(...rows.decodeRevision(key, value).logged.changes);
      }
      const changes: AppliedChange[] = [];
      for (const [op, type, id] of coalesce(logged, ([, type, id]) => `${type}/${id}`)) {
        const key = rows.entityRowKey(this.clusterName, type, id);
        const value = op === 'delete' ? undefined : await transaction.get(key);
        if (value === undefined) changes.push({ op: 'delete', type, id });
        else changes.push({ op: 'upsert', type, id, entity: rows.decodeEntity(key, value).entity });
      }
      return { revision: log.revision, changes };
    });
  }
}

const nameOf = ({ type, id }: AppliedChange): string => `${type}/${id}`;
const loggedOf = ({ op, type, id }: AppliedChange): LoggedChange => [op, type, id];
