/** A key and the bytes stored under it. */
export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** One write. Putting replaces what was there; deleting an absent key does nothing. */
export type Mutation =
  | { readonly op: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly op: 'delete'; readonly key: string };

/** Which part of a listing is wanted. */
export interface ListOptions {
  /** The `next` of the page before: only keys after it are listed. It need not exist (any more). */
  readonly after?: string;
  /** Entries per page, 1 to 10,000. Default: 1,000. */
  readonly limit?: number;
}

/** A page of a listing, in byte order of the UTF-8 keys. */
export interface Page {
  readonly entries: readonly Entry[];
  /** Pass it as `after` for the page that follows; absent on the last page. */
  readonly next?: string;
}

/** A view of the database in which nothing changes but by itself. Usable only until its work settles. */
export interface ReadTransaction {
  get(key: string): Promise<Uint8Array | undefined>;
  /** Entries whose key starts with `prefix`; the empty prefix lists everything. */
  list(prefix: string, options?: ListOptions): Promise<Page>;
}

/** As `ReadTransaction`, and sees its own writes. Nobody else sees them before the commit. */
export interface WriteTransaction extends ReadTransaction {
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** Applies the mutations in order; cheaper than one call for each. */
  mutate(mutations: readonly Mutation[]): Promise<void>;
  /**
   * Has `callback` run once the commit stands and before any later transaction of this persister begins: the place to
   * bring memory in line with the database. It must not throw.
   */
  onCommitted(callback: () => void): void;
}

/** How a transaction may be waited for. */
export interface TransactionOptions {
  /** Gives up waiting for a turn; a transaction that has begun is not interrupted. */
  readonly signal?: AbortSignal;
}

/**
 * Transactions over string keys and byte values. Readers share, a writer is alone; turns are given in order of asking.
 * Keys are well-formed strings of 1 to 1,024 UTF-16 units without U+0000; values are at most 16 MiB.
 */
export interface Persister {
  /** Must have settled before any other call. */
  open(): Promise<void>;
  /** Waits for the transactions under way and releases everything. Closing what is not open does nothing. */
  close(): Promise<void>;
  /** Runs `work` on a consistent view and returns what it returns. Transactions do not nest. */
  read<T>(work: (transaction: ReadTransaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs `work` and commits; when it throws, nothing of it remains and the error is passed on. */
  write<T>(work: (transaction: WriteTransaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
}
