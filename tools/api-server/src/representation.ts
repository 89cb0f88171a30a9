import { isRecord } from './api-object.ts';
import { groupVersionOf } from './served-kind.ts';
import type { ApiObject } from './api-object.ts';
import type { ListPage } from './list-page.ts';
import type { PrinterColumn, ServedKind } from './served-kind.ts';

/** How an answer shows objects: whole, their metadata only, or as rows of a table. */
export type Form = 'object' | 'metadata' | 'table';

const META_API = 'meta.k8s.io/v1';

/** The form the client asks for first; what is not JSON (protobuf) is passed over, as clients list JSON after it. */
export function formFor(accept: string): Form {
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    if (type !== 'application/json') continue;
    if (parameters.includes('as=Table')) return 'table';
    if (parameters.some((parameter) => parameter.startsWith('as=PartialObjectMetadata'))) return 'metadata';
    return 'object';
  }
  return 'object';
}

export interface Presenter {
  object(object: ApiObject): unknown;
  list(page: ListPage): unknown;
}

/** Shows objects of one kind in one form. */
export function presenterFor(kind: ServedKind, form: Form, now: () => number): Presenter {
  const metadataOf = (page: ListPage): Record<string, unknown> => ({
    resourceVersion: String(page.revision),
    ...(page.continueToken === '' ? {} : { continue: page.continueToken }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  });
  const listOf = (
    apiVersion: string,
    listKind: string,
    page: ListPage,
    item: (object: ApiObject) => unknown,
  ): { readonly items: readonly unknown[] } & Record<string, unknown> => ({
    kind: listKind,
    apiVersion,
    metadata: metadataOf(page),
    items: page.items.map((object) => item(kind.fromStored(object))),
  });
  switch (form) {
    case 'object':
      return {
        object: (object) => kind.fromStored(object),
        list: (page) => listOf(groupVersionOf(kind), `${kind.kind}List`, page, kind.isCustom ? whole : untyped),
      };
    case 'metadata':
      return {
        object: partial,
        list: (page) => nullIfEmpty(listOf(META_API, 'PartialObjectMetadataList', page, partial)),
      };
    case 'table':
      return {
        object: (object) => table(kind, [object], { resourceVersion: object.metadata.resourceVersion }, now()),
        list: (page) => table(kind, page.items, metadataOf(page), now()),
      };
    default:
      return form satisfies never;
  }
}

function whole(object: ApiObject): unknown {
  return object;
}

/** The real server names apiVersion and kind of built-in objects only once, on their list. */
function untyped({ apiVersion: _apiVersion, kind: _kind, ...object }: ApiObject): unknown {
  return object;
}

/** As the real server does, for this kind of list only. */
function nullIfEmpty(list: { readonly items: readonly unknown[] }): unknown {
  return list.items.length === 0 ? { ...list, items: null } : list;
}

function partial({ metadata }: ApiObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: META_API, metadata };
}

function table(kind: ServedKind, objects: readonly ApiObject[], metadata: unknown, now: number): unknown {
  const definition = (name: string, type: string, format = ''): unknown => ({
    name,
    type,
    format,
    description: '',
    priority: 0,
  });
  return {
    kind: 'Table',
    apiVersion: META_API,
    metadata,
    columnDefinitions: [
      definition('Name', 'string', 'name'),
      ...kind.columns.map((column) => definition(column.name, column.type)),
      definition('Age', 'string'),
    ],
    rows: objects.map((object) => ({
      cells: [
        object.metadata.name,
        ...kind.columns.map((column) => cell(object, column)),
        age(now - Date.parse(object.metadata.creationTimestamp ?? '')),
      ],
      object: partial(object),
    })),
  };
}

const STEP = /\.([\w-]+)|\['([^']+)'\]|\[(\*)\]|\[\?\(@\.(\w+)\s*==\s*["']([^"']*)["']\)\]|\[(\d+)\]/g;

/** The part of JSONPath that printer columns use: fields, indexes, `[*]` and `[?(@.type=="Ready")]`. */
function cell(object: ApiObject, { jsonPath }: PrinterColumn): unknown {
  let values: readonly unknown[] = [object];
  for (const [, plain, quoted, star, filterField, filterValue, index] of jsonPath.matchAll(STEP)) {
    const field = plain ?? quoted;
    values = values.flatMap((value) => {
      if (field !== undefined) return isRecord(value) && value[field] !== undefined ? [value[field]] : [];
      if (!Array.isArray(value)) return [];
      if (star !== undefined) return value;
      if (index !== undefined) return value.slice(Number(index), Number(index) + 1);
      return value.filter((item) => isRecord(item) && item[filterField ?? ''] === filterValue);
    });
  }
  const [first] = values;
  if (values.length === 1 && (typeof first === 'number' || typeof first === 'boolean')) return first;
  return values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(',') || '<none>';
}

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

function age(elapsedMs: number): string {
  if (Number.isNaN(elapsedMs)) return '<unknown>';
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  const [unit, length] = UNITS.find(([, unitSeconds]) => seconds >= unitSeconds) ?? ['s', 1];
  return `${Math.floor(seconds / length)}${unit}`;
}
