import { describeEntity } from '@koko/model';
import type { EntityType } from '@koko/model';
import type { TranslatedEntity } from '@koko/translator';

/** `type/id`: names an entity. */
export type EntityKey = string;

export function entityKey({ type, id }: { readonly type: EntityType; readonly id: string }): EntityKey {
  return `${type}/${id}`;
}

/** What an entity refers to, in the order of its fields. */
export function referencesOf({ type, entity }: TranslatedEntity): readonly EntityKey[] {
  return describeEntity(type).references.flatMap(({ field, to }) => {
    const value = entity[field];
    const targets = Array.isArray(value) ? value : [value];
    return targets.map(idOf).flatMap((id) => (id === undefined ? [] : [entityKey({ type: to, id })]));
  });
}

/** A reference is `{ id }`; in lists of ids it is the id itself. */
function idOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  const id = (target as { id?: unknown } | null | undefined)?.id; // any shape may come in; only a text id counts
  return typeof id === 'string' ? id : undefined;
}

/**
 * Which of two entities comes first, and so gets what only one can have: by the object they stem from (kind, namespace, name),
 * then by type and id. Who was there earlier does not count, so that a restart ends in the same configuration.
 */
export function compareEntities(a: TranslatedEntity, b: TranslatedEntity): number {
  return (
    compareText(a.source.kind, b.source.kind) ||
    compareText(a.source.namespace ?? '', b.source.namespace ?? '') ||
    compareText(a.source.name, b.source.name) ||
    compareText(entityKey(a), entityKey(b))
  );
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Sets of keys by another key; none is kept empty. */
export class KeySets {
  readonly #sets = new Map<EntityKey, Set<EntityKey>>();

  of(key: EntityKey): readonly EntityKey[] {
    return [...(this.#sets.get(key) ?? [])];
  }

  add(key: EntityKey, member: EntityKey): void {
    const members = this.#sets.get(key);
    if (members === undefined) this.#sets.set(key, new Set([member]));
    else members.add(member);
  }

  remove(key: EntityKey, member: EntityKey): void {
    const members = this.#sets.get(key);
    members?.delete(member);
    if (members?.size === 0) this.#sets.delete(key);
  }
}
