import { PersisterError } from './persister-error.ts';

const MAX_KEY_LENGTH = 1024;
const MAX_VALUE_BYTES = 16 * 1024 * 1024;
const MAX_PAGE = 10_000;
const LAST_CODE_POINT = 0x10ffff;

/** @throws {PersisterError} When some driver could not tell `key` from another one. */
export function assertKey(key: string): void {
  if (key.length > 0 && key.length <= MAX_KEY_LENGTH && key.isWellFormed() && !key.includes('\0')) return;
  const shown = JSON.stringify(key.slice(0, 40));
  throw new PersisterError(
    'ERR_PERSISTER_KEY_INVALID',
    `Cannot use key ${shown}: it must be well-formed, without U+0000, and 1 to ${MAX_KEY_LENGTH} long`,
  );
}

/** @throws {PersisterError} When `value` exceeds what every driver can hold. */
export function assertValue(key: string, value: Uint8Array): void {
  if (value.byteLength <= MAX_VALUE_BYTES) return;
  throw new PersisterError(
    'ERR_PERSISTER_VALUE_TOO_LARGE',
    `Cannot put ${JSON.stringify(key)}: ${value.byteLength} bytes exceed the limit of ${MAX_VALUE_BYTES}`,
  );
}

/** @throws {RangeError} When `limit` is no page size. */
export function assertLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw new RangeError(`A page holds 1 to ${MAX_PAGE} entries, not ${limit}`);
}

/** Byte order of the UTF-8 forms, which is the order of code points and not that of UTF-16 units. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x === y) continue;
    return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

// Surrogates stand for code points above U+FFFF, but are smaller numbers than U+E000 to U+FFFF.
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;

/** The smallest string that is greater than every string that starts with `prefix`; `undefined` when there is none. */
export function prefixEnd(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === LAST_CODE_POINT) continue;
    const successor = last === 0xd7ff ? 0xe000 : last + 1; // steps over the surrogates
    return String.fromCodePoint(...points, successor);
  }
  return undefined;
}
