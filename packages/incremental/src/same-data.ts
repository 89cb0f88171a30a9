import { isDeepStrictEqual } from 'node:util';

/**
 * Whether two pieces of plain data are the same to every reader, the order of object keys included: a reader may
 * walk the keys, so data in another order could lead it to another result.
 */
export function sameData(a: unknown, b: unknown): boolean {
  return isSame(a, b, true);
}

/** Whether two pieces of plain data have the same content, whatever the order of their object keys. */
export function sameContent(a: unknown, b: unknown): boolean {
  return isSame(a, b, false);
}

function isSame(a: unknown, b: unknown, isOrdered: boolean): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameArrays(a, b, isOrdered);
  if (isRecord(a) && isRecord(b)) return sameRecords(a, b, isOrdered);
  return isDeepStrictEqual(a, b); // byte arrays, dates, maps; never equal across classes
}

/** Objects of another realm count too: their prototype is another one, but like ours it has none itself. */
function isRecord(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || (Object.getPrototypeOf(prototype) === null && !Array.isArray(value));
}

function sameArrays(a: readonly unknown[], b: readonly unknown[], isOrdered: boolean): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (!isSame(a[index], b[index], isOrdered)) return false;
  return true;
}

function sameRecords(a: Record<string, unknown>, b: Record<string, unknown>, isOrdered: boolean): boolean {
  const keys = Object.keys(a);
  const others = Object.keys(b);
  if (keys.length !== others.length) return false;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] ?? '';
    if (others[index] !== key && (isOrdered || !Object.hasOwn(b, key))) return false;
    if (!isSame(a[key], b[key], isOrdered)) return false;
  }
  return true;
}
