import { describeEntity } from './describe.ts';
import { entityTypes, isEntityType } from './entity-types.ts';
import type { EntityType } from './entity-types.ts';
import type { Problem } from './problem.ts';
import { isPlainObject } from './value.ts';

/** A problem in a document, with the type of the entity it is about. */
export interface DocumentProblem extends Problem {
  /** Absent when the problem is about the document itself. */
  readonly type?: EntityType;
}

type Members = Readonly<Record<string, unknown>>;

/** An entity where it stands in a document. */
export interface DocumentEntry {
  readonly type: EntityType;
  readonly path: readonly (string | number)[];
  /** The members that are fields, without nested entities, comments and the reference to the enclosing entity. */
  readonly input: Members;
  /** The entity that encloses this one, and the field by which this one refers to it. */
  readonly parent: { readonly field: string; readonly entry: DocumentEntry } | undefined;
}

/** Which types may be nested in which, and by which of their fields they then refer to the enclosing entity. */
const childrenOf = new Map<EntityType, ReadonlyMap<string, string>>(
  entityTypes.map((parent) => {
    const children = entityTypes.flatMap((child) => {
      const reference = describeEntity(child).references.find(({ to, list }) => to === parent && list !== true);
      return reference === undefined ? [] : [[child, reference.field] as const];
    });
    return [parent, new Map<string, string>(children)];
  }),
);

/** Lists all entities of a document, nested ones too, in document order. */
export function documentEntries(document: Members, problems: DocumentProblem[]): readonly DocumentEntry[] {
  const entries: DocumentEntry[] = [];
  for (const [name, collection] of Object.entries(document)) {
    if (isEntityType(name)) collect({ type: name, path: [name], parent: undefined, entries, problems }, collection);
  }
  return entries;
}

interface Place {
  readonly type: EntityType;
  readonly path: readonly (string | number)[];
  readonly parent: DocumentEntry['parent'];
  readonly entries: DocumentEntry[];
  readonly problems: DocumentProblem[];
}

function collect(place: Place, collection: unknown): void {
  const { type, path, problems } = place;
  if (collection === null || collection === undefined) return;
  if (!Array.isArray(collection)) {
    if (!isEmptyObject(collection)) problems.push({ code: 'ERR_FIELD_TYPE', path, message: 'expected an array', type });
    return;
  }
  collection.forEach((item: unknown, index) => {
    const itemPath = [...path, index];
    if (isPlainObject(item)) collectEntity({ ...place, path: itemPath }, item);
    else problems.push({ code: 'ERR_FIELD_TYPE', path: itemPath, message: 'expected a record', type });
  });
}

function collectEntity(place: Place, item: Members): void {
  const { type, path, parent, entries, problems } = place;
  const children = childrenOf.get(type);
  const isNested = (name: string): boolean => children?.has(name) === true;
  const own = Object.entries(item).filter(([name]) => !isNested(name) && name !== parent?.field && !isAnnotation(name));
  const entry: DocumentEntry = { type, path, parent, input: Object.fromEntries(own) };
  checkAnnotations(item, path, problems);
  entries.push(entry);
  for (const [name, field] of children ?? []) {
    // Keys of this map are entity types.
    const child = name as EntityType;
    if (Object.hasOwn(item, name))
      collect({ ...place, type: child, path: [...path, name], parent: { field, entry } }, item[name]);
  }
}

/** An empty object and an empty list are one thing in Lua. */
function isEmptyObject(value: unknown): boolean {
  return isPlainObject(value) && Object.keys(value).length === 0;
}

/** `_comment` and `_ignore` may stand in every record. */
export function isAnnotation(name: string): boolean {
  return name === '_comment' || name === '_ignore';
}

/** A comment is a text, what to ignore a list. */
export function checkAnnotations(item: Members, path: readonly (string | number)[], problems: DocumentProblem[]): void {
  const { _comment: comment, _ignore: ignored } = item;
  if (comment !== undefined && comment !== null && typeof comment !== 'string')
    problems.push({ code: 'ERR_FIELD_TYPE', path: [...path, '_comment'], message: 'expected a string' });
  if (ignored !== undefined && ignored !== null && !Array.isArray(ignored) && !isEmptyObject(ignored))
    problems.push({ code: 'ERR_FIELD_TYPE', path: [...path, '_ignore'], message: 'expected an array' });
}
