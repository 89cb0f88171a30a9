import type { Engine } from './engine.ts';
import { assertKey, assertLimit, assertValue, compareKeys, prefixEnd } from './key-rules.ts';
import { PersisterError } from './persister-error.ts';
import type { ListOptions, Mutation, Page, WriteTransaction } from './persister.ts';

const DEFAULT_PAGE = 1000;

/** A transaction on an in-process database. It begins there with the first write: one that writes nothing costs nothing. */
export class EngineTransaction implements WriteTransaction {
  readonly #engine: Engine;
  readonly #callbacks: (() => void)[] = [];
  #hasBegun = false;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  // The methods are async so that what they throw always arrives as a rejection.
  async get(key: string): Promise<Uint8Array | undefined> {
    this.#assertUsable();
    assertKey(key);
    return this.#engine.get(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    this.#assertUsable();
    const { after, limit = DEFAULT_PAGE } = options;
    assertLimit(limit);
    if (prefix !== '') assertKey(prefix);
    const isInside = after !== undefined && compareKeys(after, prefix) >= 0;
    const start = isInside ? after : prefix;
    return this.#engine.list({ start, startIncluded: !isInside, end: prefixEnd(prefix), limit });
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    this.#apply({ op: 'put', key, value });
  }

  async delete(key: string): Promise<void> {
    this.#apply({ op: 'delete', key });
  }

  async mutate(mutations: readonly Mutation[]): Promise<void> {
    for (const mutation of mutations) this.#apply(mutation);
  }

  onCommitted(callback: () => void): void {
    this.#assertUsable();
    this.#callbacks.push(callback);
  }

  commit(): void {
    this.#assertUsable();
    if (this.#hasBegun) this.#engine.commit();
    this.#isOver = true;
    for (const callback of this.#callbacks) callback();
  }

  /** Undoes what was written, unless the commit stands. */
  rollback(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#hasBegun) this.#engine.rollback();
  }

  #apply(mutation: Mutation): void {
    this.#assertUsable();
    assertKey(mutation.key);
    if (mutation.op === 'put') assertValue(mutation.key, mutation.value);
    try {
      if (!this.#hasBegun) this.#engine.begin();
      this.#hasBegun = true;
      if (mutation.op === 'put') this.#engine.put(mutation.key, mutation.value);
      else this.#engine.delete(mutation.key);
    } catch (error) {
      // The engine may have rolled back by itself: whoever catches this must not go on as if the rest still stood.
      this.#failure = { error };
      throw error;
    }
  }

  #assertUsable(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (!this.#isOver) return;
    throw new PersisterError(
      'ERR_PERSISTER_TRANSACTION_OVER',
      'Cannot use this transaction: it is over; await every call inside the function given to read or write',
    );
  }
}
