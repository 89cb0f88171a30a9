import { isDeepStrictEqual } from 'node:util';
import { isRecord } from './api-object.ts';

/** Says that a JSON patch cannot be applied to this object. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
}

/** Applies a JSON patch. @see RFC 6902 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw new JsonPatchError('a JSON patch is a list of operations');
  return patch.reduce((document: unknown, operation) => applyOperation(document, operation), structuredClone(target));
}

function applyOperation(document: unknown, operation: unknown): unknown {
  if (!isRecord(operation) || typeof operation['path'] !== 'string') throw new JsonPatchError('operation without path');
  const { op, value, from } = operation;
  const path = pointer(operation['path']);
  switch (op) {
    case 'add':
      return added(document, path, value);
    case 'remove':
      return removed(document, path);
    case 'replace':
      valueAt(document, path);
      return path.length === 0 ? value : added(removed(document, path), path, value);
    case 'test':
      if (!isDeepStrictEqual(valueAt(document, path), value))
        throw new JsonPatchError(`test at ${path.join('/')} failed`);
      return document;
    case 'copy':
      return added(document, path, structuredClone(valueAt(document, pointer(String(from)))));
    case 'move': {
      const source = pointer(String(from));
      const moved = valueAt(document, source);
      return added(removed(document, source), path, moved);
    }
    default:
      throw new JsonPatchError(`unknown operation ${JSON.stringify(op)}`);
  }
}

function pointer(text: string): readonly string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw new JsonPatchError(`path "${text}" does not begin with "/"`);
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function valueAt(document: unknown, path: readonly string[]): unknown {
  let value = document;
  for (const step of path) {
    const next: unknown = Array.isArray(value) ? value[Number(step)] : isRecord(value) ? value[step] : undefined;
    if (next === undefined) throw new JsonPatchError(`nothing at /${path.join('/')}`);
    value = next;
  }
  return value;
}

/** The document is a copy of ours, so it is changed in place. */
function added(document: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = valueAt(document, path.slice(0, -1));
  if (Array.isArray(parent)) {
    const index = last === '-' ? parent.length : Number(last);
    if (!Number.isInteger(index) || index < 0 || index > parent.length)
      throw new JsonPatchError(`no index ${last} at /${path.join('/')}`);
    parent.splice(index, 0, value);
  } else if (isRecord(parent)) parent[last] = value;
  else throw new JsonPatchError(`nothing can be added at /${path.join('/')}`);
  return document;
}

function removed(document: unknown, path: readonly string[]): unknown {
  valueAt(document, path);
  const last = path.at(-1);
  if (last === undefined) return null;
  const parent = valueAt(document, path.slice(0, -1));
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isRecord(parent)) delete parent[last];
  return document;
}
