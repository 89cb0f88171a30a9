import type { DeclarativeEntity, EntityType } from '@koko/model';
import { describeEntity, toDeclarative } from '@koko/model';

export type { DeclarativeEntity };

/** Workspaces stay here: every entity goes to the data plane's default one, which it makes itself. */
export const isSentToDataPlanes = (type: EntityType): boolean => type !== 'workspaces' && describeEntity(type).exported;

/**
 * The form in which data planes take an entity. `updated_at` is left out: a data plane overwrites it with its own clock,
 * older ones do not know it, and a write that changes nothing else must not change the hash.
 */
export function declarativeOf(type: EntityType, entity: Readonly<Record<string, unknown>>): DeclarativeEntity {
  const { updated_at: _dropped, ...rest } = toDeclarative(type, entity);
  return rest;
}

/** What a declarative entity refers to. */
export function referencesOf(type: EntityType, entity: DeclarativeEntity): { type: EntityType; id: string }[] {
  return describeEntity(type).references.flatMap(({ field, to }) => {
    const value = entity[field];
    const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
    return ids.filter((id) => typeof id === 'string').map((id) => ({ type: to, id }));
  });
}
