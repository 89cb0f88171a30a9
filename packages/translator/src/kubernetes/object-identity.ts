import type { ObjectReference } from '../objects.ts';
import { parseCommaList } from './comma-list.ts';
import type { FieldReader } from './field-reader.ts';
import { objectKey } from './translated-kinds.ts';

/** Who an object is: what contests between objects, ids and tags are decided by. */
export interface ObjectIdentity {
  readonly reference: ObjectReference;
  /** `namespace/name` */
  readonly key: string;
  /** `2024-01-31T00:00:00Z`; empty, and so before all others, for objects that no API server has seen. */
  readonly createdAt: string;
  /** Empty for objects that no API server has seen. */
  readonly uid: string;
  /** In byte order, the older object comes first; ties go to the smaller `namespace/name`. */
  readonly rank: string;
  /** Tags of every entity made from this object, in KIC's order. */
  readonly tags: readonly string[];
}

export function parseIdentity(object: FieldReader, reference: ObjectReference): ObjectIdentity {
  const metadata = object.at('metadata');
  const key = objectKey(reference);
  const createdAt = parseTimestamp(metadata);
  const uid = metadata.string('uid') ?? '';
  return { reference, key, createdAt, uid, rank: `${createdAt} ${key} ${uid}`, tags: tagsOf(object, reference, uid) };
}

/** Seconds are all that Kubernetes keeps of a creation time. */
function parseTimestamp(metadata: FieldReader): string {
  const text = metadata.string('creationTimestamp');
  if (text === undefined || text === '') return '';
  const time = Date.parse(text);
  if (Number.isNaN(time)) return metadata.refuse('creationTimestamp', 'a time as in 2024-01-31T00:00:00Z') ?? '';
  return `${new Date(time).toISOString().slice(0, -5)}Z`;
}

function tagsOf(object: FieldReader, { kind, namespace, name }: ObjectReference, uid: string): readonly string[] {
  const [version, group] = (object.string('apiVersion') ?? '').split('/').reverse();
  const standard = { name, namespace, kind, uid, group, version };
  const fixed = Object.entries(standard).flatMap(([key, value]) => (value ? [`k8s-${key}:${value}`] : []));
  const custom = parseCommaList(object.at('metadata').at('annotations').string('konghq.com/tags'));
  return [...fixed, ...new Set(custom)];
}
