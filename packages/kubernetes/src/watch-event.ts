import type { KubernetesObject, TranslatedKind } from '@koko/translator';
import { ApiError, errorForStatus } from './api-error.ts';
import { resourceName } from './resource-path.ts';
import { trimObject } from './trim-object.ts';

/** A line of a watch. A bookmark brings no object, only how far the watch has come. */
export type WatchEvent =
  | { readonly type: 'upserted' | 'deleted'; readonly object: KubernetesObject; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly isEndOfList: boolean; readonly resourceVersion: string };

/** @throws {ApiError} What an ERROR event says, or `ERR_KUBERNETES_MALFORMED`. */
export function parseWatchEvent(kind: TranslatedKind, content: 'whole' | 'metadata', line: string): WatchEvent {
  const { type, object } = parseLine(kind, line);
  if (type === 'ERROR') throw errorEvent(kind, object);
  const metadata = fieldsOf(fieldsOf(object)['metadata']);
  const { resourceVersion } = metadata;
  if (typeof resourceVersion !== 'string' || resourceVersion === '') throw malformed(kind, 'it names no version');
  if (type === 'BOOKMARK') {
    const isEndOfList = fieldsOf(metadata['annotations'])['k8s.io/initial-events-end'] === 'true';
    return { type: 'bookmark', isEndOfList, resourceVersion };
  }
  const trimmed = trimObject(kind, object, content);
  if (trimmed === undefined) throw malformed(kind, 'its object has no name');
  if (type === 'DELETED') return { type: 'deleted', object: trimmed, resourceVersion };
  if (type === 'ADDED' || type === 'MODIFIED') return { type: 'upserted', object: trimmed, resourceVersion };
  throw malformed(kind, 'it is of an unknown type');
}

function parseLine(kind: TranslatedKind, line: string): { readonly type: unknown; readonly object: unknown } {
  try {
    const event = fieldsOf(JSON.parse(line));
    return { type: event['type'], object: event['object'] };
  } catch {
    throw malformed(kind, 'it is no JSON');
  }
}

function errorEvent(kind: TranslatedKind, status: unknown): ApiError {
  const { code } = fieldsOf(status);
  return errorForStatus({ verb: 'watch', resource: resourceName(kind) }, typeof code === 'number' ? code : 500, status);
}

function malformed(kind: TranslatedKind, reason: string): ApiError {
  return new ApiError(
    'ERR_KUBERNETES_MALFORMED',
    `Cannot watch ${resourceName(kind)}: a line makes no sense: ${reason}`,
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
