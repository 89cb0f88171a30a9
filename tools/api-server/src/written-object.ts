import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from './api-object.ts';
import { groupVersionOf } from './served-kind.ts';
import { StatusError, invalid } from './status-error.ts';
import type { ApiObject, ObjectMeta } from './api-object.ts';
import type { ServedKind } from './served-kind.ts';

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** What the request's path says about the object in its body. */
export interface WriteTarget {
  readonly kind: ServedKind;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Reads a request body as an object of the kind, at the place, that the path names. */
export function parseObject(body: unknown, target: WriteTarget): ApiObject {
  const { kind, namespace, name } = target;
  if (!isRecord(body)) throw new StatusError(400, 'the body of the request is not a JSON object');
  const apiVersion = groupVersionOf(kind);
  for (const [field, expected] of [['apiVersion', apiVersion] as const, ['kind', kind.kind] as const]) {
    const given = body[field] ?? (kind.isCustom ? '' : expected); // built-in objects may leave it out
    if (given !== expected)
      throw new StatusError(
        400,
        `${field} in the object (${JSON.stringify(given)}) does not match the request (${expected})`,
      );
  }
  const given = isRecord(body['metadata']) ? body['metadata'] : {};
  const stated = given['namespace'];
  if (typeof stated === 'string' && stated !== '' && stated !== namespace && kind.namespaced)
    throw new StatusError(400, 'the namespace of the provided object does not match the namespace sent on the request');
  if (name !== undefined && given['name'] !== undefined && given['name'] !== name)
    throw new StatusError(
      400,
      `the name of the object (${JSON.stringify(given['name'])}) does not match the request (${name})`,
    );
  const { namespace: _stated, ...others } = given;
  const metadata: ObjectMeta = { ...others, name: namedBy(given, target) };
  if (kind.namespaced && namespace !== undefined) metadata.namespace = namespace;
  return { ...body, apiVersion, kind: kind.kind, metadata };
}

function namedBy(given: Readonly<Record<string, unknown>>, { kind, name }: WriteTarget): string {
  const prefix = given['generateName'];
  const own = name ?? given['name'] ?? (typeof prefix === 'string' && prefix !== '' ? withSuffix(prefix) : undefined);
  if (typeof own !== 'string' || own === '')
    throw invalid(kind, '', 'metadata.name', 'Required value: name or generateName is required');
  if (own.length > 253 || !NAME.test(own))
    throw invalid(kind, own, 'metadata.name', `Invalid value: "${own}" is no lowercase DNS name`);
  return own;
}

function withSuffix(prefix: string): string {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(5)), (byte) => SUFFIX_LETTERS[byte % 27]);
  return prefix + letters.join('');
}

/** A new object as it is stored first. */
export function newObject(object: ApiObject, kind: ServedKind, time: string): ApiObject {
  if (object.metadata.resourceVersion !== undefined && object.metadata.resourceVersion !== '')
    throw new StatusError(400, 'resourceVersion should not be set on objects to be created');
  const { status: _status, ...withoutStatus } = object;
  const { deletionTimestamp: _deletion, generation: _generation, ...metadata } = object.metadata;
  return kind.prepare({
    ...(kind.hasStatus ? withoutStatus : object),
    metadata: {
      ...metadata,
      uid: randomUUID(),
      creationTimestamp: time,
      ...(kind.hasGeneration ? { generation: 1 } : {}),
    },
  });
}

/** What an update of the object itself leaves behind: identity and, where it has a subresource, status stay. */
export function changedObject(current: ApiObject, written: ApiObject, kind: ServedKind): ApiObject {
  const metadata = withSystemFields(written.metadata, current.metadata);
  const { status: _status, ...rest } = written;
  const content = kind.hasStatus ? withStatus(rest, current['status']) : written;
  const next = kind.prepare({ ...content, metadata }, current);
  if (!kind.hasGeneration || isDeepStrictEqual(specOf(current, kind), specOf(next, kind))) return next;
  return { ...next, metadata: { ...next.metadata, generation: (current.metadata.generation ?? 0) + 1 } };
}

/** What an update of the status subresource leaves behind: only the status differs. */
export function changedStatus(current: ApiObject, written: ApiObject): ApiObject {
  return withStatus(current, written['status']);
}

function withStatus(object: ApiObject, status: unknown): ApiObject {
  if (status !== undefined) return { ...object, status };
  const { status: _status, ...rest } = object;
  return rest;
}

const SYSTEM_FIELDS = [
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'resourceVersion',
];

function withSystemFields(written: ObjectMeta, current: ObjectMeta): ObjectMeta {
  const metadata: ObjectMeta = { ...written };
  for (const field of SYSTEM_FIELDS) {
    if (current[field] === undefined) delete metadata[field];
    else metadata[field] = current[field];
  }
  return metadata;
}

/** What `generation` counts the changes of. */
function specOf(object: ApiObject, kind: ServedKind): unknown {
  const { metadata: _metadata, apiVersion: _apiVersion, status, ...spec } = object;
  return kind.hasStatus ? spec : { ...spec, status };
}
