import { PersisterError } from './persister-error.ts';

/** Readers share, a writer is alone, and so is who closes, for whom there is always room to wait. */
export type LockMode = 'read' | 'write' | 'close';

interface Waiter {
  readonly mode: LockMode;
  readonly admit: () => void;
}

const MAX_WAITING = 10_000;

/** Gives turns in order of asking: a waiting writer is not overtaken by later readers. */
export class TransactionLock {
  readonly #waiting: Waiter[] = [];
  #readers = 0;
  #isWriting = false;

  /** Settles once the turn has come. Every success must be followed by `release` with the same mode. */
  async acquire(mode: LockMode, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.length === 0 && this.#isFree(mode)) return this.#take(mode);
    if (this.#waiting.length >= MAX_WAITING && mode !== 'close') {
      throw new PersisterError(
        'ERR_PERSISTER_BUSY',
        `Cannot wait for a turn: ${MAX_WAITING} transactions wait already`,
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { mode, admit: resolve };
    const giveUp = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      this.#admit(); // those behind may have waited for this one only
      reject(signal?.reason as Error); // `reason` is typed as any
    };
    signal?.addEventListener('abort', giveUp, { once: true });
    this.#waiting.push(waiter);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  release(mode: LockMode): void {
    if (mode === 'read') this.#readers--;
    else this.#isWriting = false;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#isFree(next.mode); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#take(next.mode);
      next.admit();
    }
  }

  #isFree(mode: LockMode): boolean {
    return !this.#isWriting && (mode === 'read' || this.#readers === 0);
  }

  #take(mode: LockMode): void {
    if (mode === 'read') this.#readers++;
    else this.#isWriting = true;
  }
}
