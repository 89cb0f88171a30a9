import type { ObjectReference } from '../objects.ts';
import { objectKey, referenceOfKey } from '../kubernetes/translated-kinds.ts';

/** Not the name of any type of entity. */
const PREFIX = 'accepted/';

/** The output key by which an object is said to be ours. */
export function acceptedKey(reference: ObjectReference): string {
  return `${PREFIX}${reference.kind}/${objectKey(reference)}`;
}

/** The object that an output key says to be ours; `undefined` for a key of an entity. */
export function parseAcceptedKey(key: string): ObjectReference | undefined {
  if (!key.startsWith(PREFIX)) return undefined;
  const slash = key.indexOf('/', PREFIX.length);
  return referenceOfKey(key.slice(PREFIX.length, slash), key.slice(slash + 1));
}
