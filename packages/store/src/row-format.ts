import { isEntityType } from '@koko/model';
import type { EntityType } from '@koko/model';
import type { LoggedRevision } from './change-log.ts';
import type { StoredEntity } from './entity-change.ts';
import { StoreError } from './store-error.ts';

// Keys: `e/<cluster>/<type>/<id>` for entities, `l/<cluster>/<revision>` for the change log. Values: an entity is the
// revision of its last change, a line feed, and its JSON; a revision of the log is JSON.
const REVISION_DIGITS = 16; // as many as the largest safe integer has, so that byte order is numeric order

const SCRATCH_BYTES = 24 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** All entities start with this. */
export const entityPrefix = 'e/';
/** All revisions of change logs start with this. */
export const logPrefix = 'l/';

/** All entities of a type start with this. */
export const typePrefix = (cluster: string, type: EntityType): string => `${entityPrefix}${cluster}/${type}/`;

/** Ids are UUIDs nearly always; the few free texts must not break the key apart. */
export const entityRowKey = (cluster: string, type: EntityType, id: string): string =>
  typePrefix(cluster, type) + encodeURIComponent(id);

export const logRowKey = (cluster: string, revision: number): string =>
  `${logPrefix}${cluster}/${String(revision).padStart(REVISION_DIGITS, '0')}`;

/** Encodes entity rows into the same memory again and again: a big batch would leave tens of megabytes of garbage. */
export class EntityEncoder {
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);

  /** @returns Bytes that are valid until the next call. */
  encode(revision: number, json: string): Uint8Array {
    const text = `${revision}\n${json}`;
    if (text.length * 3 > SCRATCH_BYTES) return encoder.encode(text); // UTF-8 takes up to 3 bytes for each UTF-16 unit
    return this.#scratch.subarray(0, encoder.encodeInto(text, this.#scratch).written);
  }
}

export const encodeRevision = (revision: LoggedRevision): Uint8Array => encoder.encode(JSON.stringify(revision));

/** An entity row, taken apart. */
export interface EntityRow {
  readonly cluster: string;
  readonly type: EntityType;
  readonly id: string;
  readonly revision: number;
  readonly json: string;
}

export function decodeEntityKey(key: string): Pick<EntityRow, 'cluster' | 'type' | 'id'> {
  const [, cluster = '', type, id = ''] = key.split('/');
  if (!isEntityType(type)) throw unreadable(key, `unknown entity type ${JSON.stringify(type)}`);
  return { cluster, type, id: decodeURIComponent(id) };
}

export function decodeEntity(key: string, value: Uint8Array): { revision: number; json: string; entity: StoredEntity } {
  const text = decoder.decode(value);
  const lineEnd = text.indexOf('\n');
  const json = text.slice(lineEnd + 1);
  const revision = Number(text.slice(0, lineEnd));
  if (lineEnd < 1 || !Number.isSafeInteger(revision)) throw unreadable(key, 'it has no revision');
  return { revision, json, entity: parse(key, json) as StoredEntity }; // only valid entities were written
}

export function decodeRevision(key: string, value: Uint8Array): { cluster: string; logged: LoggedRevision } {
  const [, cluster = ''] = key.split('/');
  return { cluster, logged: parse(key, decoder.decode(value)) as LoggedRevision }; // written by encodeRevision
}

function parse(key: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw unreadable(key, 'it is no JSON', error);
  }
}

/** The content is not shown: it may hold credentials, and so may what JSON.parse says of it. */
function unreadable(key: string, reason: string, cause?: unknown): StoreError {
  const kind = cause === undefined ? undefined : new Error((cause as Error).name); // JSON.parse throws SyntaxErrors
  return new StoreError('ERR_STORE_CONTENT_UNREADABLE', `Cannot read ${JSON.stringify(key)}: ${reason}`, {
    cause: kind,
  });
}
