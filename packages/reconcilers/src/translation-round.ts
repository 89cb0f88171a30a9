import { referenceKey } from '@koko/translator';
import type {
  KubernetesObject,
  ObjectChange,
  ObjectReference,
  TranslatedEntity,
  TranslationDiff,
} from '@koko/translator';
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
    const diff = translator.apply(this.#changes(references));
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

  /** One object at a time, as the source may have to unpack it, and the translator keeps but a part. */
  *#changes(references: readonly ObjectReference[]): Iterable<ObjectChange> {
    const { source } = this.#options;
    for (const reference of references) {
      const object = source.find(reference);
      yield this.#change(reference, object);
      const guessed = object === undefined ? [] : source.guess(object);
      for (const guess of guessed) yield this.#change(guess, source.find(guess));
    }
  }

  #change(reference: ObjectReference, object: KubernetesObject | undefined): ObjectChange {
    this.#looked.set(referenceKey(reference), reference);
    return { reference, object };
  }
}
