import { isDeepStrictEqual } from 'node:util';
import { isRecord } from './api-object.ts';
import type { JsonRecord } from './api-object.ts';

// Lists that are merged by a key instead of replaced, by the name of their field; the built-in kinds
// served here use each name with one meaning only.
const MERGE_KEYS: Readonly<Record<string, string>> = {
  ports: 'port',
  conditions: 'type',
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  imagePullSecrets: 'name',
  ownerReferences: 'uid',
};
const PRIMITIVE_MERGE = new Set(['finalizers']);

/** Applies a strategic merge patch: maps are merged, lists too where their kind has a merge key, else replaced. */
export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  if (patch['$patch'] === 'replace') return withoutDirectives(patch);
  const result: JsonRecord = isRecord(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (field.startsWith('$')) applyDirective(result, field, value);
    else if (value === null || (isRecord(value) && value['$patch'] === 'delete')) delete result[field];
    else result[field] = Array.isArray(value) ? mergeList(field, result[field], value) : merged(result[field], value);
  }
  return result;
}

function merged(target: unknown, value: unknown): unknown {
  return strategicMergePatch(target, value);
}

function applyDirective(result: JsonRecord, directive: string, value: unknown): void {
  const [name, field = ''] = directive.split('/');
  const list = result[field];
  if (name !== '$deleteFromPrimitiveList' || !Array.isArray(list) || !Array.isArray(value)) return;
  result[field] = list.filter((item) => !value.includes(item));
}

function mergeList(field: string, target: unknown, patch: readonly unknown[]): unknown {
  const before: readonly unknown[] = Array.isArray(target) ? target : [];
  if (PRIMITIVE_MERGE.has(field)) return [...new Set([...before, ...patch])];
  const key = MERGE_KEYS[field];
  if (key === undefined || patch.some((item) => isRecord(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !isDeepStrictEqual(item, { $patch: 'replace' })).map(withoutDirectives);
  }
  return patch.reduce((list: readonly unknown[], item) => mergeItem(list, item, key), before);
}

function mergeItem(list: readonly unknown[], item: unknown, key: string): readonly unknown[] {
  if (!isRecord(item)) return [...list, item];
  const isSame = (other: unknown): boolean => isRecord(other) && other[key] === item[key];
  if (item['$patch'] === 'delete') return list.filter((other) => !isSame(other));
  const index = list.findIndex(isSame);
  return index < 0 ? [...list, withoutDirectives(item)] : list.with(index, strategicMergePatch(list[index], item));
}

function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).filter(([field]) => !field.startsWith('$'));
  return Object.fromEntries(entries.map(([field, item]) => [field, withoutDirectives(item)]));
}
