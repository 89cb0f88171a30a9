import type { CheckedEntity } from './checked-configuration.ts';

type Table = Readonly<Record<string, unknown>>;

const HASHED_BY_TRANSFORM = ['basicauth_credentials', 'oauth2_credentials'];

/** What a data plane accepts without a word although it is hardly what the control plane meant. */
export function warningsFor(
  table: Table,
  collections: ReadonlyMap<string, ReadonlyMap<string, CheckedEntity>>,
): readonly string[] {
  return table['_transform'] === false ? digestWarnings(collections) : transformWarnings(table, collections);
}

function transformWarnings(
  table: Table,
  collections: ReadonlyMap<string, ReadonlyMap<string, CheckedEntity>>,
): string[] {
  const affected = HASHED_BY_TRANSFORM.filter((type) => (collections.get(type)?.size ?? 0) > 0);
  if (affected.length === 0) return [];
  const state = table['_transform'] === true ? 'true' : 'absent, which means true';
  return [`_transform is ${state}: the data plane hashes the secrets of ${affected.join(' and ')} once more`];
}

function digestWarnings(collections: ReadonlyMap<string, ReadonlyMap<string, CheckedEntity>>): string[] {
  const authorities = [...(collections.get('ca_certificates')?.values() ?? [])];
  const without = authorities.filter((entity) => typeof entity.fields()['cert_digest'] !== 'string').length;
  return without === 0 ? [] : [`_transform is false, and ${without} of ca_certificates have no cert_digest`];
}
