import { EntityMap } from '@koko/model';
import type { EntityType, Problem } from '@koko/model';
import type { EntityName, Offender } from './entity-change.ts';
import type { EntityIndex, EntityRecord } from './entity-index.ts';
import { uniqueKeysOf } from './entity-rules.ts';
import type { UniqueKey, UniqueRule } from './entity-rules.ts';

/** A change that is fine in itself; `record` is what an upsert would leave, `undefined` stands for a delete. */
export interface Proposal {
  readonly index: number;
  readonly type: EntityType;
  readonly id: string;
  readonly record: EntityRecord | undefined;
}

/** What a batch comes to: the last proposal for each entity, and the stored entities that cascading deletes take along. */
export interface Verdict<P extends Proposal> {
  readonly staged: readonly P[];
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
    const found = judge.judge(refusedEntities(offenders));
    for (const offender of found) offenders.set(offender.index, offender);
    if (found.length === 0 || round >= maxRounds) return judge;
  }
}

function refusedEntities(offenders: ReadonlyMap<number, Offender>): EntityMap<Offender> {
  const refused = new EntityMap<Offender>();
  for (const offender of offenders.values())
    if (offender.id !== undefined) refused.set(offender.type, offender.id, offender);
  return refused;
}

class Judge<P extends Proposal> implements Verdict<P> {
  readonly #index: EntityIndex;
  readonly staged: readonly P[];
  readonly #stagedOf = new EntityMap<P>();
  /** Stored entities that will be gone, with the proposal to blame. */
  readonly #removed = new EntityMap<{ readonly record: EntityRecord; readonly cause: Proposal }>();
  readonly cascaded: EntityRecord[] = [];
  readonly #offenders = new Map<number, Offender>();

  constructor(index: EntityIndex, proposals: readonly P[]) {
    this.#index = index;
    for (const proposal of proposals) this.#stagedOf.set(proposal.type, proposal.id, proposal);
    this.staged = proposals.filter((proposal) => this.#stagedOf.get(proposal.type, proposal.id) === proposal);
  }

  /** @param refused Entities whose changes were refused already; only used for clearer messages. */
  judge(refused: EntityMap<Offender>): readonly Offender[] {
    this.#cascade();
    this.#checkDeletes();
    for (const proposal of this.staged) this.#checkReferences(proposal, refused);
    const claims: Claims = new Map();
    for (const proposal of this.staged) this.#checkUniqueKeys(proposal, claims);
    return [...this.#offenders.values()];
  }

  /** Finds what goes along with the deletes; entities that the batch itself writes decide for themselves. */
  #cascade(): void {
    const pending: { readonly record: EntityRecord; readonly cause: Proposal }[] = [];
    const remove = (record: EntityRecord, cause: Proposal): void => {
      this.#removed.set(record.type, record.id, { record, cause });
      pending.push({ record, cause });
    };
    for (const proposal of this.staged) {
      const record = proposal.record === undefined ? this.#index.find(proposal.type, proposal.id) : undefined;
      if (record !== undefined) remove(record, proposal);
    }
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const referrer of this.#index.referrers(next.record.type, next.record.id)) {
        if (this.#isDecided(referrer) || refersWith(referrer, next.record, 'restrict')) continue;
        this.cascaded.push(referrer);
        remove(referrer, next.cause);
      }
    }
    this.cascaded.sort((a, b) => (show(a) < show(b) ? -1 : 1)); // the index holds them in order of arrival
  }

  /** Whether the batch says what becomes of an entity, or that it goes is known already. */
  #isDecided({ type, id }: EntityName): boolean {
    return this.#stagedOf.has(type, id) || this.#removed.has(type, id);
  }

  #checkDeletes(): void {
    for (const { record, cause } of this.#removed.values()) {
      for (const referrer of this.#index.referrers(record.type, record.id)) {
        if (this.#isDecided(referrer)) continue;
        const isItself = record.type === cause.type && record.id === cause.id;
        const subject = isItself ? 'it' : `its dependent ${show(record)}`;
        const message = `${subject} is referred to by ${show(referrer)}; delete that first`;
        this.#blame(cause, { code: 'ERR_STORE_REFERENCE_IN_USE', path: [], message }, referrer);
      }
    }
  }

  #checkReferences(proposal: Proposal, refused: EntityMap<Offender>): void {
    for (const { rule, id } of proposal.record?.references ?? []) {
      const target = { type: rule.to, id };
      if (this.#exists(target)) continue;
      const state = refused.has(rule.to, id) ? 'is refused, too' : 'does not exist';
      const problem = { code: 'ERR_STORE_REFERENCE_MISSING', path: [rule.field], message: `${show(target)} ${state}` };
      this.#blame(proposal, problem, target);
    }
  }

  #checkUniqueKeys(proposal: Proposal, claims: Claims): void {
    if (this.#offenders.has(proposal.index)) return; // it will not be there, so it takes no key from others
    const uniqueKeys = uniqueKeysOf(proposal.type, proposal.record?.uniqueValues ?? []);
    for (const uniqueKey of uniqueKeys) {
      const holder = this.#holderAfter(uniqueKey, proposal) ?? claims.get(uniqueKey.rule)?.get(uniqueKey.value);
      if (holder === undefined) continue;
      this.#blame(proposal, uniqueProblem(uniqueKey, holder), holder);
    }
    if (this.#offenders.has(proposal.index)) return;
    for (const { rule, value } of uniqueKeys) claim(claims, rule, value, proposal);
  }

  /** Another stored entity that holds the key now and will go on doing so. */
  #holderAfter(uniqueKey: UniqueKey, { type, id }: EntityName): EntityName | undefined {
    const holder = this.#index.holder(uniqueKey);
    const isItself = holder?.type === type && holder.id === id;
    if (holder === undefined || isItself || this.#isRemoved(holder)) return undefined;
    const next = this.#stagedOf.get(holder.type, holder.id)?.record;
    const isKept = next === undefined || holds(next, uniqueKey);
    return isKept ? holder : undefined;
  }

  #exists(target: EntityName): boolean {
    const { type, id } = target;
    if (this.#stagedOf.get(type, id)?.record !== undefined) return true;
    return this.#index.find(type, id) !== undefined && !this.#isRemoved(target);
  }

  /** A delete that is refused removes nothing. */
  #isRemoved({ type, id }: EntityName): boolean {
    const removed = this.#removed.get(type, id);
    return removed !== undefined && !this.#offenders.has(removed.cause.index);
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

const refersWith = (referrer: EntityRecord, { type, id }: EntityName, onDelete: 'cascade' | 'restrict'): boolean =>
  referrer.references.some(({ rule, id: target }) => target === id && rule.to === type && rule.onDelete === onDelete);

const holds = (record: EntityRecord, { rule, value }: UniqueKey): boolean =>
  uniqueKeysOf(record.type, record.uniqueValues).some((held) => held.rule === rule && held.value === value);

/** Who in the batch has taken what so far. */
type Claims = Map<UniqueRule, Map<string, Proposal>>;

function claim(claims: Claims, rule: UniqueRule, value: string, proposal: Proposal): void {
  const ofRule = claims.get(rule);
  if (ofRule === undefined) claims.set(rule, new Map([[value, proposal]]));
  else ofRule.set(value, proposal);
}

/** Does not show the value: it may be a credential. */
function uniqueProblem({ rule: { fields } }: UniqueKey, holder: EntityName): Problem {
  const [field = ''] = fields;
  const combination = `the combination of ${fields.join(' and ')} `;
  const message = `is taken by ${holder.type} ${holder.id}; choose another value`;
  return fields.length === 1
    ? { code: 'ERR_STORE_UNIQUE', path: [field], message }
    : { code: 'ERR_STORE_UNIQUE', path: [], message: combination + message };
}

const show = ({ type, id }: EntityName): string => `${type} ${id}`;
