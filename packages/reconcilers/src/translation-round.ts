import { referenceKey } from '@koko/translator';
import type { ObjectChange, ObjectReference, TranslatedEntity, TranslationDiff } from '@koko/translator';
import { entityKey } from './entity-order.ts';
import type { EntityKey } from './entity-order.ts';
import type { ObjectSource } from './object-source.ts';

/** The part of a translator that reconciling needs. */
export interface EntityTranslator {
  apply(changes: Iterable<ObjectChange>): TranslationDiff;
}

export interface TranslationRoundOptions {
  readonly source: ObjectSource;
  readonly translator: EntityTranslator;
  /** Told of each step; what it demands has been asked for. */
  readonly onStep: (diff: TranslationDiff) => void;
}

type EntityName = TranslationDiff['deletes'][number];

/**
 * What one round of reconciling makes of objects that changed: everything up to the next publication. Whatever
 * translation turns out to refer to is demanded of the source, and taken in at once where it is there.
 */
export class TranslationRound {
  readonly #options: TranslationRoundOptions;
  readonly #upserts = new Map<EntityKey, TranslatedEntity>();
  readonly #deletes = new Map<EntityKey, EntityName>();
  readonly #looked = new Map<string, ObjectReference>();
  readonly #awaited = new Map<string, ObjectReference>();

  constructor(options: TranslationRoundOptions) {
    this.#options = options;
  }

  /** Takes in objects as they are now. */
  take(references: readonly ObjectReference[]): void {
    for (let next = references; next.length > 0;) next = this.#step(next);
  }

  /** Objects that the source is getting, and that belong into this round. */
  get awaited(): readonly ObjectReference[] {
    return [...this.#awaited.values()];
  }

  /** Takes in all that is awaited, as far as it has come. */
  takeAwaited(): void {
    const references = this.awaited;
    this.#awaited.clear();
    this.take(references);
  }

  /** Every object that was looked at. */
  get looked(): readonly ObjectReference[] {
    return [...this.#looked.values()];
  }

  get upserts(): readonly TranslatedEntity[] {
    return [...this.#upserts.values()];
  }

  get deletes(): readonly EntityName[] {
    return [...this.#deletes.values()];
  }

  /** @returns What is to be taken in next. */
  #step(references: readonly ObjectReference[]): readonly ObjectReference[] {
    const { source, translator, onStep } = this.#options;
    for (const reference of references) this.#looked.set(referenceKey(reference), reference);
    const diff = translator.apply(references.map((reference) => ({ reference, object: source.find(reference) })));
    this.#note(diff);
    const { here, awaited } = source.demand(diff.demanded);
    for (const reference of awaited) this.#awaited.set(referenceKey(reference), reference);
    for (const reference of diff.released) this.#awaited.delete(referenceKey(reference));
    const released = source.release(diff.released);
    onStep(diff);
    return [...here, ...released];
  }

  #note({ upserts, deletes }: TranslationDiff): void {
    for (const name of deletes) {
      this.#upserts.delete(entityKey(name));
      this.#deletes.set(entityKey(name), name);
    }
    for (const entity of upserts) {
      this.#deletes.delete(entityKey(entity));
      this.#upserts.set(entityKey(entity), entity);
    }
  }
}
