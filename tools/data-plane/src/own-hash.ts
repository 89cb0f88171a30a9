import { createHash } from 'node:crypto';

/** What a data plane reports while it has no configuration. */
export const EMPTY_HASH = '0'.repeat(32);

const HASHED_ALONE = ['routes', 'services', 'plugins', 'upstreams', 'targets'] as const;
const JOINED_WITHOUT_END = 5; // longer lists end in a semicolon, shorter ones do not

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** Kong's text form of a value: keys in order, and neither quotes nor brackets. */
function serialize(value: unknown): string {
  if (value === null || value === undefined) return '/null/';
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.map(serialize);
    if (items.length === 0) return '{}';
    return items.length <= JOINED_WITHOUT_END ? items.join(';') : items.map((item) => `${item};`).join('');
  }
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '{}' : entries.map(([key, item]) => `${key}:${serialize(item)};`).join('');
}

const partHash = (part: unknown): string => (part === undefined ? EMPTY_HASH : md5(serialize(part)));

/**
 * The hash that a data plane computes itself when the control plane gave none, as Kong 3.x does it.
 * @param table The `config_table` as received.
 * @see Kong Gateway, `kong/clustering/config_helper.lua`, `calculate_config_hash`.
 */
export function ownConfigHash(table: Readonly<Record<string, unknown>>): string {
  const rest = Object.entries(table).filter(([key]) => !(HASHED_ALONE as readonly string[]).includes(key));
  const parts = HASHED_ALONE.map((name) => partHash(table[name]));
  return md5([...parts, partHash(rest.length === 0 ? undefined : Object.fromEntries(rest))].join(''));
}
