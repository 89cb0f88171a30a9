import type { Entry, Page } from './persister.ts';

/** The range of keys of one page: from `start` (itself included or not) up to, without, `end`. */
export interface KeyRange {
  readonly start: string;
  readonly startIncluded: boolean;
  /** `undefined`: no upper end. */
  readonly end: string | undefined;
  readonly limit: number;
}

/** What an in-process database has to bring along; `EnginePersister` adds turns, checks and the asynchronous face. */
export interface Engine {
  get(key: string): Uint8Array | undefined;
  list(range: KeyRange): Page;
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
  begin(): void;
  commit(): void;
  rollback(): void;
  close(): void;
}

/** Cuts a page out of what was found, of which there may be one entry more than wanted. */
export function pageOf(entries: Entry[], hasMore: boolean): Page {
  const last = entries.at(-1);
  return hasMore && last !== undefined ? { entries, next: last.key } : { entries };
}
