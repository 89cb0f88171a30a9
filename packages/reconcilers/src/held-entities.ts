import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '@koko/model';
import type { ObjectProblem, TranslatedEntity } from '@koko/translator';
import { entityKey, KeySets } from './entity-order.ts';
import type { EntityKey } from './entity-order.ts';

/** Why an entity is held back. */
export interface Held {
  readonly problem: ObjectProblem;
  /** The entity whose coming, change or going may let it in; `undefined`: only its own change can. */
  readonly blockedBy: EntityKey | undefined;
}

/** The entities held back, and what has become of their problems. */
export class HeldEntities {
  readonly #held = new Map<EntityKey, Held>();
  readonly #waiting = new KeySets();
  /** What was held under the keys that were touched since the changes were last taken, before that. */
  readonly #before = new Map<EntityKey, Held | undefined>();

  has(key: EntityKey): boolean {
    return this.#held.has(key);
  }

  find(key: EntityKey): Held | undefined {
    return this.#held.get(key);
  }

  /** Keys of what waits for this entity. */
  waitingFor(key: EntityKey): readonly EntityKey[] {
    return this.#waiting.of(key);
  }

  hold(entity: TranslatedEntity, problems: readonly Problem[], blockedBy: EntityKey | undefined): void {
    const key = entityKey(entity);
    this.release(key);
    this.#remember(key);
    this.#held.set(key, { problem: objectProblem(entity, problems), blockedBy });
    if (blockedBy !== undefined) this.#waiting.add(blockedBy, key);
  }

  release(key: EntityKey): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#remember(key);
    this.#held.delete(key);
    if (held.blockedBy !== undefined) this.#waiting.remove(held.blockedBy, key);
  }

  problems(): readonly ObjectProblem[] {
    return [...this.#held.values()].map(({ problem }) => problem);
  }

  /** Each problem that came or went since the last call, once. */
  takeProblemChanges(): { problemsAdded: readonly ObjectProblem[]; problemsRemoved: readonly ObjectProblem[] } {
    const problemsAdded: ObjectProblem[] = [];
    const problemsRemoved: ObjectProblem[] = [];
    for (const [key, before] of this.#before) {
      const now = this.#held.get(key);
      if (isDeepStrictEqual(before?.problem, now?.problem)) continue;
      if (before !== undefined) problemsRemoved.push(before.problem);
      if (now !== undefined) problemsAdded.push(now.problem);
    }
    this.#before.clear();
    return { problemsAdded, problemsRemoved };
  }

  #remember(key: EntityKey): void {
    if (!this.#before.has(key)) this.#before.set(key, this.#held.get(key));
  }
}

function objectProblem(held: TranslatedEntity, problems: readonly Problem[]): ObjectProblem {
  const { type, source } = held;
  const reasons = problems.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  return {
    code: problems[0]?.code ?? 'ERR_RECONCILE_REFUSED',
    path: [],
    message: `Kong would refuse ${type} "${nameOf(held)}": ${reasons.join('; ')}`,
    objects: [source],
  };
}

/** The name of an entity, or else its id. */
export function nameOf({ id, entity }: TranslatedEntity): string {
  return typeof entity['name'] === 'string' ? entity['name'] : id;
}
