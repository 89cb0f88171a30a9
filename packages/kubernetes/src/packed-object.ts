import type { KubernetesObject, ObjectReference } from '@koko/translator';

/**
 * An object as one flat text, in a tenth of the memory that it takes as objects: a JSON list of version, uid, metadata and
 * all other fields, the latter two left out when empty. Kind, namespace and name are known to whoever keeps it.
 */
export type PackedObject = string;

type Fields = Readonly<Record<string, unknown>>;
type Parts = readonly [string | null, string | null, Fields?, Fields?];

export function packObject(object: KubernetesObject): PackedObject {
  const { apiVersion: _, kind: __, metadata, ...rest } = object;
  const { namespace: ___, name: ____, resourceVersion = null, uid = null, ...others } = metadata;
  const isBare = Object.keys(others).length === 0 && Object.keys(rest).length === 0;
  return JSON.stringify(isBare ? [resourceVersion, uid] : [resourceVersion, uid, others, rest]);
}

export function unpackObject(packed: PackedObject, reference: ObjectReference, apiVersion: string): KubernetesObject {
  const { kind, namespace, name } = reference;
  const [resourceVersion, uid, metadata, rest] = partsOf(packed);
  return {
    ...rest,
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === null ? {} : { uid }),
      ...(resourceVersion === null ? {} : { resourceVersion }),
      ...metadata,
    },
  };
}

/** Without unpacking the rest: uids need no escapes in JSON. */
export function uidOf(packed: PackedObject): string | undefined {
  const uid = /^\[(?:null|"[^"\\]*"),"([^"\\]*)"/.exec(packed)?.[1];
  return uid ?? partsOf(packed)[1] ?? undefined;
}

/** Whether two states of an object differ in their version at most. */
export function isSameButVersion(a: PackedObject, b: PackedObject): boolean {
  return a === b || withoutVersion(a) === withoutVersion(b);
}

/** From the uid on. */
function withoutVersion(packed: PackedObject): string {
  return packed.startsWith('["') ? packed.slice(packed.indexOf('",') + 2) : packed;
}

function partsOf(packed: PackedObject): Parts {
  return JSON.parse(packed) as Parts; // nobody else writes these
}
