import { describeEntity } from './describe.ts';
import type { TypeDescription } from './describe.ts';
import type { EntityOf, EntityType } from './entity-types.ts';

/** An entity as declarative documents and configuration for data planes carry it. */
export type DeclarativeEntity = Readonly<Record<string, unknown>>;

/**
 * Writes an entity as declarative documents and `config_table` carry it: references as plain ids, without fields that
 * exist on input only (the `snis` of a certificate). Nulls stay: data planes ignore unknown fields that are null.
 */
export function toDeclarative<T extends EntityType>(type: T, entity: EntityOf<T>): DeclarativeEntity {
  const { references, transient } = shapeOf(type);
  // Any member may be looked up by name here.
  const declarative: Record<string, unknown> = { ...(entity as DeclarativeEntity) };
  for (const name of transient) delete declarative[name];
  for (const name of references) {
    const value = declarative[name];
    if (typeof value === 'object' && value !== null && 'id' in value) declarative[name] = value.id;
  }
  return declarative;
}

interface Shape {
  readonly references: readonly string[];
  readonly transient: readonly string[];
}

const shapes = new Map<EntityType, Shape>();

function shapeOf(type: EntityType): Shape {
  const before = shapes.get(type);
  if (before !== undefined) return before;
  const { fields, references }: TypeDescription = describeEntity(type);
  const shape = {
    references: references.filter(({ list }) => list !== true).map(({ field }) => field),
    transient: Object.entries(fields).flatMap(([name, field]) => (field.transient === true ? [name] : [])),
  };
  shapes.set(type, shape);
  return shape;
}
