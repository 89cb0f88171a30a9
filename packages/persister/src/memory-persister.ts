import { EnginePersister } from './engine-persister.ts';
import { pageOf } from './engine.ts';
import type { Engine, KeyRange } from './engine.ts';
import { compareKeys } from './key-rules.ts';
import { PersisterError } from './persister-error.ts';
import type { Page } from './persister.ts';

/** Settings of a `MemoryPersister`. */
export interface MemoryPersisterOptions {
  /** Keys and values together may take this many bytes. Default: 512 MiB. */
  readonly sizeLimitBytes?: number;
}

const DEFAULT_SIZE_LIMIT = 512 * 1024 * 1024;

/** Keeps everything in plain JavaScript: nothing to load, for tests and small tools. Content survives close and open. */
export class MemoryPersister extends EnginePersister {
  readonly #engine: MemoryEngine;

  constructor(options: MemoryPersisterOptions = {}) {
    super();
    this.#engine = new MemoryEngine(options.sizeLimitBytes ?? DEFAULT_SIZE_LIMIT);
  }

  protected override async openEngine(): Promise<Engine> {
    return this.#engine;
  }
}

class MemoryEngine implements Engine {
  readonly #sizeLimitBytes: number;
  readonly #values = new Map<string, Uint8Array>();
  readonly #keys: string[] = []; // sorted
  readonly #undo: [key: string, before: Uint8Array | undefined][] = [];
  #sizeBytes = 0;

  constructor(sizeLimitBytes: number) {
    this.#sizeLimitBytes = sizeLimitBytes;
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#values.get(key);
    return value && new Uint8Array(value); // the caller may do with it what it likes
  }

  list({ start, startIncluded, end, limit }: KeyRange): Page {
    const found = this.#position(start);
    const first = !startIncluded && this.#keys[found] === start ? found + 1 : found;
    const last = end === undefined ? this.#keys.length : this.#position(end);
    const keys = this.#keys.slice(first, Math.max(first, Math.min(first + limit, last)));
    const entries = keys.map((key) => ({ key, value: this.get(key) ?? new Uint8Array() }));
    return pageOf(entries, first + limit < last);
  }

  put(key: string, value: Uint8Array): void {
    this.#undo.push([key, this.#values.get(key)]);
    this.#set(key, new Uint8Array(value)); // a copy: `slice` of a Buffer would be none
    if (this.#sizeBytes <= this.#sizeLimitBytes) return;
    throw new PersisterError(
      'ERR_PERSISTER_FULL',
      `Cannot put ${JSON.stringify(key)}: the limit of ${this.#sizeLimitBytes} bytes is reached`,
    );
  }

  delete(key: string): void {
    this.#undo.push([key, this.#values.get(key)]);
    this.#set(key, undefined);
  }

  begin(): void {}

  commit(): void {
    this.#undo.length = 0;
  }

  rollback(): void {
    for (let last = this.#undo.pop(); last !== undefined; last = this.#undo.pop()) this.#set(...last);
  }

  close(): void {}

  #set(key: string, value: Uint8Array | undefined): void {
    const before = this.#values.get(key);
    if (before === undefined && value === undefined) return;
    if (before === undefined) this.#keys.splice(this.#position(key), 0, key);
    if (value === undefined) {
      this.#keys.splice(this.#position(key), 1);
      this.#values.delete(key);
    } else this.#values.set(key, value);
    const keyBytes = Buffer.byteLength(key);
    this.#sizeBytes -= before === undefined ? 0 : keyBytes + before.byteLength;
    this.#sizeBytes += value === undefined ? 0 : keyBytes + value.byteLength;
  }

  /** Where `key` is or would be. */
  #position(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // The index lies within the array: low <= middle < high <= length.
      if (compareKeys(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
