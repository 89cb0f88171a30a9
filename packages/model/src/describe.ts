import type { EntityDescription } from './description.ts';
import { descriptionOf, isEntityType } from './entity-types.ts';
import type { EntityType } from './entity-types.ts';
import type { Fields } from './field.ts';

/** A field that refers to entities of another type. */
export interface ReferenceDescription {
  readonly field: string;
  readonly to: EntityType;
  /** What deleting the referred entity does: deletes this one too, or is refused. */
  readonly onDelete: 'cascade' | 'restrict';
  /** The field is a list of ids; otherwise it is `{ id }` or null. */
  readonly list?: boolean;
}

/** Fields whose combined values no two entities of a type may share. */
export interface UniqueKey {
  /** The fields joined by commas. */
  readonly name: string;
  readonly fields: readonly string[];
  /** Null counts as a value, so that two entities with null collide; otherwise unset fields are never in each other's way. */
  readonly nullsCollide: boolean;
}

/** What one needs to know to store entities of a type. */
export interface TypeDescription {
  readonly type: EntityType;
  /** Every field as data, in Kong's order. */
  readonly fields: Fields;
  readonly primaryKey: 'id' | 'key';
  /** The field that may stand for the id in URLs and documents. */
  readonly endpointKey: string | undefined;
  readonly references: readonly ReferenceDescription[];
  readonly uniqueKeys: readonly UniqueKey[];
  /** Entities may carry `ttl`. */
  readonly ttl: boolean;
  /** Entities are sent to data planes. */
  readonly exported: boolean;
  /** First version of Kong that knows the type; undefined when all do. */
  readonly since: string | undefined;
}

const cache = new Map<EntityType, TypeDescription>();

/** Describes a type: fields, keys, references, and how it travels. The same object on every call. */
export function describeEntity(type: EntityType): TypeDescription {
  const before = cache.get(type);
  if (before !== undefined) return before;
  const description = descriptionOf(type);
  const described: TypeDescription = {
    type,
    fields: description.fields,
    primaryKey: description.primaryKey,
    endpointKey: description.endpointKey,
    references: referencesOf(description.fields),
    uniqueKeys: uniqueKeysOf(description),
    ttl: description.ttl === true,
    exported: description.exported !== false,
    since: description.since,
  };
  cache.set(type, described);
  return described;
}

function referencesOf(fields: Fields): readonly ReferenceDescription[] {
  return Object.entries(fields).flatMap(([name, field]): ReferenceDescription[] => {
    if (field.kind === 'reference' && isEntityType(field.to))
      return [{ field: name, to: field.to, onDelete: field.onDelete }];
    const listed = field.kind === 'array' ? field.refersTo : undefined;
    if (listed === undefined || !isEntityType(listed.to)) return [];
    return [{ field: name, to: listed.to, onDelete: listed.onDelete, list: true }];
  });
}

function uniqueKeysOf({ fields, compositeKeys = [], primaryKey }: EntityDescription): readonly UniqueKey[] {
  const single = Object.entries(fields).flatMap(([name, field]) =>
    field.unique === true && name !== primaryKey ? [name] : [],
  );
  return [
    ...single.map((name) => ({ name, fields: [name], nullsCollide: false })),
    ...compositeKeys.map((names) => ({ name: names.join(','), fields: names, nullsCollide: true })),
  ];
}
