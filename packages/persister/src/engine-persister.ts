import { AsyncLocalStorage } from 'node:async_hooks';
import { EngineTransaction } from './engine-transaction.ts';
import type { Engine } from './engine.ts';
import { PersisterError } from './persister-error.ts';
import type { Persister, ReadTransaction, TransactionOptions, WriteTransaction } from './persister.ts';
import { TransactionLock } from './transaction-lock.ts';
import type { LockMode } from './transaction-lock.ts';

/** A persister on a database in this process: what the drivers have in common. */
export abstract class EnginePersister implements Persister {
  readonly #lock = new TransactionLock();
  readonly #current = new AsyncLocalStorage<EngineTransaction>();
  #engine: Engine | undefined;
  #closing: Promise<void> | undefined;
  #state: 'closed' | 'opening' | 'open' | 'closing' = 'closed';

  /** Creates or loads the database. */
  protected abstract openEngine(): Promise<Engine>;

  async open(): Promise<void> {
    if (this.#state !== 'closed') {
      throw new PersisterError('ERR_PERSISTER_ALREADY_OPEN', `Cannot open the persister: it is ${this.#state}`);
    }
    this.#state = 'opening';
    try {
      this.#engine = await this.openEngine();
      this.#state = 'open';
    } catch (error) {
      this.#state = 'closed';
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#closing = this.#close();
    else if (this.#state !== 'closing') return;
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#assertNotNested();
    this.#state = 'closing';
    await this.#lock.acquire('close');
    try {
      await this.beforeClose();
    } finally {
      this.#engine?.close();
      this.#engine = undefined;
      this.#lock.release('close');
      this.#state = 'closed';
    }
  }

  async read<T>(work: (transaction: ReadTransaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return await this.#transact('read', work, options.signal);
  }

  async write<T>(work: (transaction: WriteTransaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return await this.#transact('write', work, options.signal);
  }

  /** What is to be kept beyond the close is kept now; nobody else has a turn. */
  protected async beforeClose(): Promise<void> {}

  async #transact<T>(
    mode: LockMode,
    work: (transaction: EngineTransaction) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    this.#assertNotNested();
    const engine = this.#engine;
    if (this.#state !== 'open' || engine === undefined) throw this.#notOpen();
    await this.#lock.acquire(mode, signal); // `close` queues behind this turn, so the engine stays
    try {
      return await this.#perform(new EngineTransaction(engine), work);
    } finally {
      this.#lock.release(mode);
    }
  }

  async #perform<T>(transaction: EngineTransaction, work: (transaction: EngineTransaction) => Promise<T>): Promise<T> {
    try {
      const result = await this.#current.run(transaction, work, transaction);
      transaction.commit();
      return result;
    } finally {
      transaction.rollback();
    }
  }

  /** The inner transaction would wait for the end of the outer one, which waits for the inner one. */
  #assertNotNested(): void {
    if (this.#current.getStore()?.isOver !== false) return;
    throw new PersisterError(
      'ERR_PERSISTER_NESTED',
      'Cannot begin a transaction inside another: use the one that was passed in, or begin after it has settled',
    );
  }

  #notOpen(): PersisterError {
    return new PersisterError('ERR_PERSISTER_NOT_OPEN', `Cannot begin a transaction: the persister is ${this.#state}`);
  }
}
