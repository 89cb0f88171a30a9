import { describeEntity } from '@koko/model';
import type { EntityType, Problem } from '@koko/model';
import type { ObjectProblem, TranslatedEntity } from '@koko/translator';
import type { EntityChange, EntityWriter, Refusal } from './entity-writer.ts';

/** What a round of publishing did. */
export interface Publication {
  readonly upserts: number;
  readonly deletes: number;
  readonly problemsAdded: readonly ObjectProblem[];
  readonly problemsRemoved: readonly ObjectProblem[];
}

type EntityKey = string;

interface Held {
  readonly entity: TranslatedEntity;
  readonly problem: ObjectProblem;
  readonly blockedBy: EntityKey | undefined;
}

interface Wish {
  readonly key: EntityKey;
  readonly type: EntityType;
  readonly id: string;
  /** `undefined`: the entity is to go. */
  readonly entity: TranslatedEntity | undefined;
}

/**
 * Brings wished-for entities into an `EntityWriter` and holds back those that are refused, with everything that refers to
 * them, so that one bad entity keeps no other out. What is held back comes in by itself as soon as nothing bars it.
 * Its outcome depends on the wishes alone, not on their order: a refused entity is also removed in its former form.
 */
export class EntityPublisher {
  readonly #writer: EntityWriter;
  /** What is to be written and is not yet known to be; survives a writer that fails. */
  readonly #pending = new Map<EntityKey, Wish>();
  readonly #held = new Map<EntityKey, Held>();
  /** Held entities by the entity that bars them. */
  readonly #waiting = new Map<EntityKey, Set<EntityKey>>();
  readonly #published = new Map<EntityKey, TranslatedEntity>();
  /** Published entities by the entity they refer to. */
  readonly #referrers = new Map<EntityKey, Set<EntityKey>>();
  /** Deletes refused because of entities that are not ours; tried again with every publication. */
  readonly #stuck = new Map<EntityKey, Wish>();
  /** What was held under the keys that this publication touched, before it did. */
  readonly #heldBefore = new Map<EntityKey, Held | undefined>();
  #hasLookedForLeftovers = false;

  constructor(writer: EntityWriter) {
    this.#writer = writer;
  }

  /**
   * Publishes a difference in as few transactions as refusals allow, mostly one.
   * The first call also removes what the writer holds from an earlier life and nobody wishes for any more.
   * @throws What the writer throws; nothing is lost, the next call tries again.
   */
  async publish(
    upserts: readonly TranslatedEntity[],
    deletes: readonly { type: EntityType; id: string }[],
  ): Promise<Publication> {
    for (const wish of this.#stuck.values()) this.#pending.set(wish.key, wish);
    this.#stuck.clear();
    for (const { type, id } of deletes) this.#wish({ key: entityKey(type, id), type, id, entity: undefined });
    for (const entity of upserts) this.#wish({ ...entity, key: entityKey(entity.type, entity.id), entity });
    await this.#addLeftovers();
    const written = await this.#writePending();
    return { ...written, ...this.#takeProblemChanges() };
  }

  /** Whether a former call left something unwritten. */
  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Problems of the entities held back now. */
  problems(): readonly ObjectProblem[] {
    return [...this.#held.values()].map(({ problem }) => problem);
  }

  async #addLeftovers(): Promise<void> {
    if (this.#hasLookedForLeftovers) return;
    for (const { type, id } of await this.#writer.list()) {
      const key = entityKey(type, id);
      if (!this.#pending.has(key)) this.#pending.set(key, { key, type, id, entity: undefined });
    }
    this.#hasLookedForLeftovers = true;
  }

  #wish(wish: Wish): void {
    this.#pending.set(wish.key, wish);
    this.#release(wish.key);
    this.#retryBarredBy(wish.key);
  }

  /** Whatever waits for this entity gets another chance. */
  #retryBarredBy(key: EntityKey): void {
    for (const barred of this.#waiting.get(key) ?? []) {
      const held = this.#held.get(barred);
      if (held === undefined || this.#pending.has(barred)) continue;
      const { type, id } = held.entity;
      this.#pending.set(barred, { key: barred, type, id, entity: held.entity });
      this.#retryBarredBy(barred);
    }
  }

  async #writePending(): Promise<{ upserts: number; deletes: number }> {
    for (;;) {
      const wishes = [...this.#pending.values()];
      const changes = wishes.map(changeFor);
      const refusals = changes.length === 0 ? [] : await this.#writer.write(changes);
      if (refusals.length === 0) return this.#settle(wishes);
      for (const refusal of refusals) this.#takeRefusal(wishes, refusal);
    }
  }

  #takeRefusal(wishes: readonly Wish[], refusal: Refusal): void {
    const wish = wishes[refusal.index];
    const [problem] = refusal.problems;
    if (wish === undefined || problem === undefined) throw new Error('A writer refused a change it was not given');
    const blockedBy = refusal.blockedBy && entityKey(refusal.blockedBy.type, refusal.blockedBy.id);
    if (wish.entity !== undefined) return this.#hold(wish.entity, refusal.problems, blockedBy);
    // A delete is refused only while others refer to the entity: they cannot stay either.
    const referrer = blockedBy === undefined ? undefined : this.#wished(blockedBy);
    if (referrer !== undefined) return this.#hold(referrer, [waitingFor(wish)], wish.key);
    this.#pending.delete(wish.key); // used by something that is not ours: it stays until that goes
    this.#stuck.set(wish.key, wish);
  }

  #hold(entity: TranslatedEntity, problems: readonly Problem[], blockedBy: EntityKey | undefined): void {
    const key = entityKey(entity.type, entity.id);
    this.#release(key);
    this.#remember(key);
    this.#held.set(key, { entity, problem: objectProblem(entity, problems), blockedBy });
    if (blockedBy !== undefined) addTo(this.#waiting, blockedBy, key);
    if (this.#published.has(key)) this.#pending.set(key, { key, type: entity.type, id: entity.id, entity: undefined });
    else this.#pending.delete(key);
    for (const referrer of this.#wishedReferrers(key)) this.#hold(referrer, [waitingFor(entity)], key);
  }

  /** Published or pending entities that refer to `key` in the form wished for now. */
  #wishedReferrers(key: EntityKey): readonly TranslatedEntity[] {
    const published = [...(this.#referrers.get(key) ?? [])];
    const keys = new Set([...published, ...this.#pendingReferrers(key)]);
    return [...keys]
      .filter((candidate) => !this.#held.has(candidate))
      .map((candidate) => this.#wished(candidate))
      .filter((entity) => entity !== undefined)
      .filter((entity) => referencesOf(entity).includes(key));
  }

  /** Costs a look at the pending changes, and is paid only where something was refused. */
  #pendingReferrers(key: EntityKey): readonly EntityKey[] {
    const pending = [...this.#pending.values()];
    return pending
      .filter(({ entity }) => entity !== undefined && referencesOf(entity).includes(key))
      .map((wish) => wish.key);
  }

  #wished(key: EntityKey): TranslatedEntity | undefined {
    const pending = this.#pending.get(key);
    return pending === undefined ? this.#published.get(key) : pending.entity;
  }

  #settle(wishes: readonly Wish[]): { upserts: number; deletes: number } {
    let deletes = 0;
    for (const { key, entity } of wishes) {
      this.#unpublish(key);
      if (entity === undefined) deletes += 1;
      else this.#markPublished(key, entity);
    }
    this.#pending.clear();
    return { upserts: wishes.length - deletes, deletes };
  }

  #markPublished(key: EntityKey, entity: TranslatedEntity): void {
    this.#release(key);
    this.#published.set(key, entity);
    for (const target of referencesOf(entity)) addTo(this.#referrers, target, key);
  }

  #unpublish(key: EntityKey): void {
    const entity = this.#published.get(key);
    if (entity === undefined) return;
    this.#published.delete(key);
    for (const target of referencesOf(entity)) removeFrom(this.#referrers, target, key);
  }

  #release(key: EntityKey): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#remember(key);
    this.#held.delete(key);
    if (held.blockedBy !== undefined) removeFrom(this.#waiting, held.blockedBy, key);
  }

  #remember(key: EntityKey): void {
    if (!this.#heldBefore.has(key)) this.#heldBefore.set(key, this.#held.get(key));
  }

  #takeProblemChanges(): Pick<Publication, 'problemsAdded' | 'problemsRemoved'> {
    const problemsAdded: ObjectProblem[] = [];
    const problemsRemoved: ObjectProblem[] = [];
    for (const [key, before] of this.#heldBefore) {
      const now = this.#held.get(key);
      if (before?.problem.message === now?.problem.message) continue;
      if (before !== undefined) problemsRemoved.push(before.problem);
      if (now !== undefined) problemsAdded.push(now.problem);
    }
    this.#heldBefore.clear();
    return { problemsAdded, problemsRemoved };
  }
}

function entityKey(type: EntityType, id: string): EntityKey {
  return `${type}/${id}`;
}

function changeFor({ type, id, entity }: Wish): EntityChange {
  return entity === undefined ? { op: 'delete', type, id } : { op: 'upsert', type, entity: entity.entity };
}

function referencesOf({ type, entity }: TranslatedEntity): readonly EntityKey[] {
  return describeEntity(type).references.flatMap(({ field, to }) => {
    const value = entity[field];
    const targets = Array.isArray(value) ? value : [value];
    return targets.map(idOf).flatMap((id) => (id === undefined ? [] : [entityKey(to, id)]));
  });
}

/** A reference is `{ id }`; in lists of ids it is the id itself. */
function idOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  const id = (target as { id?: unknown } | null | undefined)?.id; // any shape may come in; only a text id counts
  return typeof id === 'string' ? id : undefined;
}

function waitingFor({ type, id }: { type: EntityType; id: string }): Problem {
  const message = `waits for ${type} ${id}, which was refused; repair that one`;
  return { code: 'ERR_RECONCILE_WAITING', path: [], message };
}

function objectProblem({ type, id, entity, source }: TranslatedEntity, problems: readonly Problem[]): ObjectProblem {
  const name = typeof entity['name'] === 'string' ? entity['name'] : id;
  const reasons = problems.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  return {
    code: problems[0]?.code ?? 'ERR_RECONCILE_REFUSED',
    path: [],
    message: `Kong would refuse ${type} "${name}": ${reasons.join('; ')}`,
    objects: [source],
  };
}

function addTo(map: Map<EntityKey, Set<EntityKey>>, key: EntityKey, member: EntityKey): void {
  const members = map.get(key);
  if (members === undefined) map.set(key, new Set([member]));
  else members.add(member);
}

function removeFrom(map: Map<EntityKey, Set<EntityKey>>, key: EntityKey, member: EntityKey): void {
  const members = map.get(key);
  members?.delete(member);
  if (members?.size === 0) map.delete(key);
}
