import type { EntityType, Problem } from '@koko/model';
import type { ObjectProblem, TranslatedEntity } from '@koko/translator';
import { compareEntities, entityKey, KeySets, nameOfKey, referencesOf } from './entity-order.ts';
import type { EntityKey } from './entity-order.ts';
import type { EntityChange, EntityWriter, Refusal } from './entity-writer.ts';
import { HeldEntities, nameOf } from './held-entities.ts';

/** What a round of publishing did. */
export interface Publication {
  readonly upserts: number;
  readonly deletes: number;
  readonly problemsAdded: readonly ObjectProblem[];
  readonly problemsRemoved: readonly ObjectProblem[];
}

interface EntityName {
  readonly type: EntityType;
  readonly id: string;
}

/** A change on its way, with what it is for: `undefined` where the entity is to go. */
interface Step {
  readonly key: EntityKey;
  readonly name: EntityName;
  readonly entity: TranslatedEntity | undefined;
}

interface Upsert extends Step {
  readonly entity: TranslatedEntity;
}

/**
 * Brings wished-for entities into an `EntityWriter` and holds back those that are refused, with everything that refers to
 * them, so that one bad entity keeps no other out. What is held back comes in by itself as soon as nothing bars it.
 * Its outcome depends on the wishes alone, not on their order: a refused entity is also removed in its former form, and of
 * several that want the same unique value the first by source object gets it.
 */
export class EntityPublisher {
  readonly #writer: EntityWriter;
  readonly #wishes = new Map<EntityKey, TranslatedEntity>();
  /** Wished entities by what they refer to. */
  readonly #referrers = new KeySets();
  readonly #held = new HeldEntities();
  /** What the writer holds, by all we know. */
  readonly #stored = new Set<EntityKey>();
  /** Keys whose state there may differ from what is wished and not held; survives a writer that fails. */
  readonly #pending = new Set<EntityKey>();
  /** Deletes refused because of entities that are not ours; tried again with every publication. */
  readonly #stuck = new Set<EntityKey>();
  /** Held only until the next write has gone through. */
  readonly #setAside = new Set<EntityKey>();
  /** How often something was held; by it a round without progress is told. */
  #holds = 0;
  #hasLookedForLeftovers = false;

  constructor(writer: EntityWriter) {
    this.#writer = writer;
  }

  /**
   * Publishes a difference in as few transactions as refusals allow, mostly one. One call at a time.
   * The first call also removes what the writer holds from an earlier life and nobody wishes for any more.
   * @throws What the writer throws; nothing is lost, the next call tries again.
   */
  async publish(upserts: readonly TranslatedEntity[], deletes: readonly EntityName[]): Promise<Publication> {
    for (const key of this.#stuck) {
      this.#pending.add(key);
      this.#retryWaiting(key); // its delete may go through this time
    }
    this.#stuck.clear();
    for (const name of deletes) this.#wish(entityKey(name), undefined);
    for (const entity of upserts) this.#wish(entityKey(entity), entity);
    await this.#addLeftovers();
    const written = await this.#writePending();
    return { ...written, ...this.#held.takeProblemChanges() };
  }

  /** Whether a former call left something unwritten. */
  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  /** Problems of the entities held back now. */
  problems(): readonly ObjectProblem[] {
    return this.#held.problems();
  }

  async #addLeftovers(): Promise<void> {
    if (this.#hasLookedForLeftovers) return;
    for (const name of await this.#writer.list()) {
      const key = entityKey(name);
      this.#stored.add(key);
      if (!this.#wishes.has(key)) this.#pending.add(key);
    }
    this.#hasLookedForLeftovers = true;
  }

  #wish(key: EntityKey, entity: TranslatedEntity | undefined): void {
    const before = this.#wishes.get(key);
    if (before !== undefined) for (const target of referencesOf(before)) this.#referrers.remove(target, key);
    if (entity === undefined) this.#wishes.delete(key);
    else this.#wishes.set(key, entity);
    if (entity !== undefined) for (const target of referencesOf(entity)) this.#referrers.add(target, key);
    this.#held.release(key);
    this.#pending.add(key);
    this.#retryWaiting(key);
    for (const referrer of this.#referrers.of(key)) this.#reconsider(referrer, entity === undefined);
  }

  /** @param isLosing Whether what it refers to goes, so that it can no longer stay as it is. */
  #reconsider(referrer: EntityKey, isLosing: boolean): void {
    const held = this.#held.find(referrer);
    if (held?.blockedBy !== undefined) this.#retry(referrer);
    else if (held === undefined && isLosing) this.#pending.add(referrer);
  }

  /** Whatever waits for this entity gets another chance. */
  #retryWaiting(key: EntityKey): void {
    for (const waiting of this.#held.waitingFor(key)) this.#retry(waiting);
  }

  #retry(key: EntityKey): void {
    this.#held.release(key);
    this.#pending.add(key);
    this.#retryWaiting(key);
  }

  async #writePending(): Promise<{ upserts: number; deletes: number }> {
    const written = { upserts: 0, deletes: 0 };
    while (this.#pending.size > 0) {
      const steps = this.#steps();
      const refusals = steps.length === 0 ? [] : await this.#writer.write(steps.map(changeFor));
      if (refusals.length > 0) {
        this.#takeRefusals(steps, refusals);
        continue;
      }
      for (const { entity } of steps) written[entity === undefined ? 'deletes' : 'upserts'] += 1;
      this.#settle(steps);
      for (const key of this.#setAside) this.#retry(key);
      this.#setAside.clear();
    }
    return written;
  }

  #takeRefusals(steps: readonly Step[], refusals: readonly Refusal[]): void {
    const wasStuck = this.#stuck.size;
    const holdsBefore = this.#holds;
    // Those keep what they have for now, so that what they stand in the way of is to be judged by the next round.
    const refused = new Set(refusals.map(({ index }) => steps[index]?.key));
    for (const refusal of refusals) this.#takeRefusal(steps, refusal, (key) => this.#isGoing(key) || refused.has(key));
    if (this.#holds > holdsBefore || this.#stuck.size > wasStuck || this.#setOneAside(steps, refusals)) return;
    for (const refusal of refusals) this.#takeRefusal(steps, refusal, () => false); // waiting would be for ever
  }

  /**
   * Breaks a circle such as: a route is to leave service A for B, B wants the name of A, and A cannot go before the route
   * does. The last in order that stands in the way by its former form gives way, and is tried again after the write.
   */
  #setOneAside(steps: readonly Step[], refusals: readonly Refusal[]): boolean {
    const last = refusals
      .toSorted((a, b) => b.index - a.index)
      .find(({ index }) => {
        const step = steps[index];
        return step?.entity !== undefined && this.#stored.has(step.key);
      });
    const { key, entity } = steps[last?.index ?? -1] ?? {};
    if (last === undefined || key === undefined || entity === undefined) return false;
    this.#setAside.add(key);
    this.#hold(entity, last.problems, undefined);
    return true;
  }

  /** Whether an entity is on its way out of the writer, or was held before it got there. */
  #isGoing(key: EntityKey): boolean {
    if (this.#desired(key) !== undefined || this.#stuck.has(key)) return false;
    return this.#pending.has(key) || (this.#wishes.has(key) && !this.#stored.has(key));
  }

  /** In an order that does not depend on that of arrival, deletes first. */
  #steps(): readonly Step[] {
    const deletes: Step[] = [];
    const upserts: Upsert[] = [];
    for (const key of this.#pending) {
      const entity = this.#desired(key);
      if (entity !== undefined) upserts.push({ key, name: entity, entity });
      else if (this.#stored.has(key)) deletes.push({ key, name: nameOfKey(key), entity: undefined });
    }
    upserts.sort((a, b) => compareEntities(a.entity, b.entity));
    deletes.sort((a, b) => (a.key < b.key ? -1 : 1));
    return [...deletes, ...upserts];
  }

  /** The entity as it is to be in the writer, if it is to be there. */
  #desired(key: EntityKey): TranslatedEntity | undefined {
    return this.#held.has(key) ? undefined : this.#wishes.get(key);
  }

  /** @param isUnsettled Whether the next round may find this entity in another state. */
  #takeRefusal(
    steps: readonly Step[],
    { index, problems, blockedBy: name }: Refusal,
    isUnsettled: (key: EntityKey) => boolean,
  ): void {
    const step = steps[index];
    if (step === undefined || problems.length === 0) throw new Error('A writer refused a change it was not given');
    const blockedBy = name && entityKey(name);
    if (step.entity === undefined) this.#takeRefusedDelete(step, blockedBy, isUnsettled);
    else if (this.#desired(step.key) !== step.entity)
      return; // held meanwhile, for what it refers to
    else if (blockedBy === undefined) this.#hold(step.entity, problems, undefined);
    else if (referencesOf(step.entity).includes(blockedBy)) {
      const mayCome = this.#desired(blockedBy) !== undefined && isUnsettled(blockedBy);
      if (!mayCome) this.#holdReferrer(step.entity, problems, blockedBy);
    } else if (!isUnsettled(blockedBy)) this.#takeRivalry(step.entity, problems, blockedBy);
  }

  /** A delete is refused only while others refer to the entity: they cannot stay either. */
  #takeRefusedDelete(
    { key, name }: Step,
    blockedBy: EntityKey | undefined,
    isUnsettled: (key: EntityKey) => boolean,
  ): void {
    if (blockedBy !== undefined && isUnsettled(blockedBy)) return;
    const referrer = blockedBy === undefined ? undefined : this.#desired(blockedBy);
    if (referrer !== undefined) return this.#hold(referrer, [waitingFor(name)], key);
    this.#pending.delete(key); // used by something that is not ours: it stays until that goes
    this.#stuck.add(key);
  }

  /** Two want what only one can have. */
  #takeRivalry(entity: TranslatedEntity, problems: readonly Problem[], rivalKey: EntityKey): void {
    const rival = this.#desired(rivalKey);
    if (rival === undefined) return this.#hold(entity, problems, rivalKey); // not ours, or it cannot be removed
    const [loser, winner] = compareEntities(entity, rival) < 0 ? [rival, entity] : [entity, rival];
    this.#hold(loser, problems.map((problem) => takenBy(winner, problem)).slice(0, 1), entityKey(winner));
  }

  #holdReferrer(entity: TranslatedEntity, problems: readonly Problem[], missing: EntityKey): void {
    const refused = referencesOf(entity).find((target) => this.#held.has(target));
    const target = refused === undefined ? undefined : this.#wishes.get(refused);
    if (target === undefined) this.#hold(entity, problems.slice(0, 1).map(missingTarget(missing)), missing);
    else this.#hold(entity, [waitingFor(target)], refused);
  }

  #hold(entity: TranslatedEntity, problems: readonly Problem[], blockedBy: EntityKey | undefined): void {
    const key = entityKey(entity);
    const rivals = this.#held.waitingFor(key).filter((waiting) => !this.#referrers.of(key).includes(waiting));
    this.#holds += 1;
    this.#held.hold(entity, problems, blockedBy);
    if (this.#stored.has(key)) this.#pending.add(key);
    else this.#pending.delete(key);
    for (const referrer of this.#referrers.of(key)) this.#holdWith(referrer, key);
    for (const rival of rivals) this.#retry(rival);
  }

  /** Holds what refers to a held entity, unless it is held for a reason of its own or this one already. */
  #holdWith(referrer: EntityKey, target: EntityKey): void {
    const entity = this.#wishes.get(referrer);
    const held = this.#held.find(referrer);
    if (entity === undefined || (held !== undefined && held.blockedBy === undefined)) return;
    const first = referencesOf(entity).find((one) => this.#held.has(one)) ?? target;
    const wish = this.#wishes.get(first);
    if (wish === undefined || (held?.blockedBy === first && held.problem.code === WAITING)) return;
    this.#hold(entity, [waitingFor(wish)], first);
  }

  #settle(steps: readonly Step[]): void {
    for (const { key, entity } of steps) {
      if (entity === undefined) this.#stored.delete(key);
      else this.#stored.add(key);
    }
    this.#pending.clear();
  }
}

const WAITING = 'ERR_RECONCILE_WAITING';

function changeFor({ name, entity }: Step): EntityChange {
  const { type, id } = name;
  return entity === undefined ? { op: 'delete', type, id } : { op: 'upsert', type, entity: entity.entity };
}

function waitingFor({ type, id }: EntityName): Problem {
  const message = `waits for ${type} ${id}, which was refused; repair that one`;
  return { code: WAITING, path: [], message };
}

/** The writer may say otherwise of a target that was refused to go in the same round. */
function missingTarget(target: EntityKey): (problem: Problem) => Problem {
  const message = `${target.replace('/', ' ')} does not exist`;
  return ({ code, path }) => ({ code, path, message });
}

/** Does not show the value: it may be a credential. */
function takenBy(winner: TranslatedEntity, { code, path }: Problem): Problem {
  const { kind, namespace, name } = winner.source;
  const object = `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  return { code, path, message: `is taken by ${winner.type} "${nameOf(winner)}" of ${object}; choose another value` };
}
