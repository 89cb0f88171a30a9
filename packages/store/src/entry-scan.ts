import { setImmediate } from 'node:timers/promises';
import type { Entry, ReadTransaction } from '@koko/persister';

/** How to read through a range. */
export interface ScanOptions {
  readonly after?: string;
  readonly pageSize?: number;
}

/** All entries below a prefix, page by page; lets other work of the process in between pages. */
export async function* scanEntries(
  transaction: ReadTransaction,
  prefix: string,
  { after, pageSize = 500 }: ScanOptions = {},
): AsyncGenerator<Entry> {
  let cursor = after;
  for (;;) {
    const page = await transaction.list(prefix, { limit: pageSize, ...(cursor !== undefined && { after: cursor }) });
    yield* page.entries;
    if (page.next === undefined) return;
    cursor = page.next;
    await setImmediate();
  }
}
