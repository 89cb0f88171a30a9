import type { EntityOf, EntityType } from '@koko/model';
import type { ReadTransaction } from '@koko/persister';
import { scanEntries } from './entry-scan.ts';
import { decodeEntity, typePrefix } from './row-format.ts';
import { StoreError } from './store-error.ts';

/** Which entities of a type are wanted. */
export interface EntityFilter {
  /** Tags that must all be there (`allOf`), or of which one is enough (`anyOf`). */
  readonly tags?: { readonly allOf: readonly string[] } | { readonly anyOf: readonly string[] };
  /** The `next` of the page before. */
  readonly cursor?: string;
  /** Entities per page, 1 to 1,000. Default: 100. */
  readonly limit?: number;
}

/** A page of entities. */
export interface EntityPage<E> {
  readonly items: readonly E[];
  /** Pass it as `cursor` for the page that follows; absent on the last page. */
  readonly next?: string;
}

const MAX_LIMIT = 1000;
const MAX_CURSOR_LENGTH = 1024;

/** Reads one page; with a filter, as many rows as it takes to fill it. */
export async function listEntities<T extends EntityType>(
  transaction: ReadTransaction,
  cluster: string,
  type: T,
  { tags, cursor, limit = 100 }: EntityFilter,
): Promise<EntityPage<EntityOf<T>>> {
  assertLimit(limit);
  const prefix = typePrefix(cluster, type);
  const options = { pageSize: limit + 1, ...(cursor !== undefined && { after: prefix + checked(cursor) }) };
  const items: EntityOf<T>[] = [];
  let next = '';
  for await (const { key, value } of scanEntries(transaction, prefix, options)) {
    const { entity } = decodeEntity(key, value);
    if (tags !== undefined && !hasTags(entity['tags'], tags)) continue;
    if (items.length === limit) return { items, next }; // one more than wanted: this page is not the last one
    items.push(entity as unknown as EntityOf<T>); // what is stored under this type was validated as such
    next = key.slice(prefix.length);
  }
  return { items };
}

function hasTags(actual: unknown, wanted: NonNullable<EntityFilter['tags']>): boolean {
  const tags: readonly unknown[] = Array.isArray(actual) ? actual : [];
  if ('allOf' in wanted) return wanted.allOf.every((tag) => tags.includes(tag));
  return wanted.anyOf.some((tag) => tags.includes(tag));
}

function assertLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return;
  throw new RangeError(`A page holds 1 to ${MAX_LIMIT} entities, not ${limit}`);
}

/** Cursors travel through clients, which may return anything. */
function checked(cursor: string): string {
  if (/^[\w.~!*'()%-]+$/.test(cursor) && cursor.length <= MAX_CURSOR_LENGTH) return cursor;
  throw new StoreError('ERR_STORE_CURSOR_INVALID', 'Cannot list: the cursor is not one that a page named as its next');
}
