import type { EntityType, Problem } from '@koko/model';
import type { EntityName, Offender } from './entity-change.ts';
import type { EntityIndex, EntityKey, EntityRecord } from './entity-index.ts';
import { fieldsOfUniqueKey } from './entity-rules.ts';

/** A change that is fine in itself; `record` is what an upsert would leave, `undefined` stands for a delete. */
export interface Proposal {
  readonly index: number;
  readonly type: EntityType;
  readonly id: string;
  readonly key: EntityKey;
  readonly record: EntityRecord | undefined;
}

/** What a batch comes to: the last proposal for each entity, and the stored entities that cascading deletes take along. */
export interface Verdict<P extends Proposal> {
  readonly staged: ReadonlyMap<EntityKey, P>;
  readonly cascaded: readonly EntityRecord[];
}

// Each round drops what the round before found, so dependent offenders are found one generation at a time. References are
// three deep; only chains of unique keys that change hands are longer. In batches of many thousand changes, those chains
// may not be followed to their end, which the next attempt then reaches: looking at a change takes about a microsecond.
const MIN_ROUNDS = 16;
const MAX_LOOKS = 250_000;

/**
 * Judges the state that a batch would leave, not the way there: the order of its changes does not matter, except that the
 * last one for an entity counts.
 * @param offenders What was refused before; found offenders are added. Without all of them the batch would pass.
 */
export function judgeBatch<P extends Proposal>(
  index: EntityIndex,
  proposals: readonly P[],
  offenders: Map<number, Offender>,
): Verdict<P> {
  const maxRounds = Math.max(MIN_ROUNDS, MAX_LOOKS / (proposals.length + 1));
  for (let round = 1; ; round += 1) {
    const judge = new Judge(
      index,
      proposals.filter((proposal) => !offenders.has(proposal.index)),
    );
    const found = judge.judge(refusedKeys(offenders));
    for (const offender of found) offenders.set(offender.index, offender);
    if (found.length === 0 || round >= maxRounds) return judge;
  }
}

function refusedKeys(offenders: ReadonlyMap<number, Offender>): Set<EntityKey> {
  const refused = new Set<EntityKey>();
  for (const { type, id } of offenders.values()) if (id !== undefined) refused.add(`${type}/${id}`);
  return refused;
}

class Judge<P extends Proposal> implements Verdict<P> {
  readonly #index: EntityIndex;
  readonly staged = new Map<EntityKey, P>();
  /** Stored entities that will be gone, with the proposal to blame. */
  readonly #removed = new Map<EntityKey, Proposal>();
  readonly cascaded: EntityRecord[] = [];
  readonly #offenders = new Map<number, Offender>();

  constructor(index: EntityIndex, proposals: readonly P[]) {
    this.#index = index;
    for (const proposal of proposals) {
      this.staged.delete(proposal.key); // moves it to its last position
      this.staged.set(proposal.key, proposal);
    }
  }

  /** @param refused Entities whose changes were refused already; only used for clearer messages. */
  judge(refused: ReadonlySet<EntityKey>): readonly Offender[] {
    this.#cascade();
    this.#checkDeletes();
    for (const proposal of this.staged.values()) this.#checkReferences(proposal, refused);
    const claims = new Map<string, Proposal>();
    for (const proposal of this.staged.values()) this.#checkUniqueKeys(proposal, claims);
    return [...this.#offenders.values()];
  }

  /** Finds what goes along with the deletes; entities that the batch itself writes decide for themselves. */
  #cascade(): void {
    const pending: [EntityKey, Proposal][] = [];
    for (const proposal of this.staged.values())
      if (proposal.record === undefined) pending.push([proposal.key, proposal]);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [target, cause] = next;
      if (this.#index.find(target) === undefined) continue;
      this.#removed.set(target, cause);
      for (const referrer of this.#index.referrers(target)) {
        if (this.staged.has(referrer.key) || this.#removed.has(referrer.key)) continue;
        if (refersWith(referrer, target, 'restrict')) continue;
        this.cascaded.push(referrer);
        this.#removed.set(referrer.key, cause);
        pending.push([referrer.key, cause]);
      }
    }
    this.cascaded.sort((a, b) => (a.key < b.key ? -1 : 1)); // the index holds them in order of arrival
  }

  #checkDeletes(): void {
    for (const [target, cause] of this.#removed) {
      for (const referrer of this.#index.referrers(target)) {
        if (this.staged.has(referrer.key) || this.#removed.has(referrer.key)) continue;
        const via = target === cause.key ? '' : `its dependent ${show(target)} `;
        const message = `${via || 'it '}is referred to by ${show(referrer.key)}; delete that first`;
        this.#blame(cause, { code: 'ERR_STORE_REFERENCE_IN_USE', path: [], message }, referrer);
      }
    }
  }

  #checkReferences(proposal: Proposal, refused: ReadonlySet<EntityKey>): void {
    for (const { rule, target } of proposal.record?.references ?? []) {
      if (this.#exists(target)) continue;
      const state = refused.has(target) ? 'is refused, too' : 'does not exist';
      const [type, id] = splitKey(target);
      const problem = { code: 'ERR_STORE_REFERENCE_MISSING', path: [rule.field], message: `${show(target)} ${state}` };
      this.#blame(proposal, problem, { type, id });
    }
  }

  #checkUniqueKeys(proposal: Proposal, claims: Map<string, Proposal>): void {
    if (this.#offenders.has(proposal.index)) return; // it will not be there, so it takes no key from others
    const uniqueKeys = proposal.record?.uniqueKeys ?? [];
    for (const uniqueKey of uniqueKeys) {
      const holder = this.#holderAfter(uniqueKey, proposal.key) ?? claims.get(uniqueKey);
      if (holder === undefined) continue;
      this.#blame(proposal, uniqueProblem(uniqueKey, holder), holder);
    }
    if (this.#offenders.has(proposal.index)) return;
    for (const uniqueKey of uniqueKeys) claims.set(uniqueKey, proposal);
  }

  /** Another stored entity that holds the key now and will go on doing so. */
  #holderAfter(uniqueKey: string, key: EntityKey): EntityName | undefined {
    const holder = this.#index.holder(uniqueKey);
    if (holder === undefined || holder.key === key || this.#isRemoved(holder.key)) return undefined;
    const next = this.staged.get(holder.key)?.record;
    return next === undefined || next.uniqueKeys.includes(uniqueKey) ? holder : undefined;
  }

  #exists(key: EntityKey): boolean {
    if (this.staged.get(key)?.record !== undefined) return true;
    return this.#index.find(key) !== undefined && !this.#isRemoved(key);
  }

  /** A delete that is refused removes nothing. */
  #isRemoved(key: EntityKey): boolean {
    const cause = this.#removed.get(key);
    return cause !== undefined && !this.#offenders.has(cause.index);
  }

  #blame({ index, type, id }: Proposal, problem: Problem, { type: byType, id: byId }: EntityName): void {
    const known = this.#offenders.get(index);
    const blockedBy = known?.blockedBy ?? { type: byType, id: byId };
    this.#offenders.set(index, {
      index,
      type,
      id,
      problems: known ? [...known.problems, problem] : [problem],
      blockedBy,
    });
  }
}

const refersWith = (referrer: EntityRecord, target: EntityKey, onDelete: 'cascade' | 'restrict'): boolean =>
  referrer.references.some((reference) => reference.target === target && reference.rule.onDelete === onDelete);

function splitKey(key: EntityKey): [EntityType, string] {
  const slash = key.indexOf('/');
  return [key.slice(0, slash) as EntityType, key.slice(slash + 1)]; // keys are made of a type and an id
}

/** Does not show the value: it may be a credential. */
function uniqueProblem(uniqueKey: string, holder: EntityName): Problem {
  const fields = fieldsOfUniqueKey(uniqueKey);
  const [field = ''] = fields;
  const combination = `the combination of ${fields.join(' and ')} `;
  const message = `is taken by ${holder.type} ${holder.id}; choose another value`;
  return fields.length === 1
    ? { code: 'ERR_STORE_UNIQUE', path: [field], message }
    : { code: 'ERR_STORE_UNIQUE', path: [], message: combination + message };
}

const show = (key: EntityKey): string => splitKey(key).join(' ');
