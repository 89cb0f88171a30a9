import { describeEntity, membersOf, withMember, withoutMember } from '@koko/model';
import type { EntityType, Group } from '@koko/model';
import type { TranslatedEntity } from '@koko/translator';

/** `type/id`: names an entity. */
export type EntityKey = string;

export function entityKey({ type, id }: { readonly type: EntityType; readonly id: string }): EntityKey {
  return [type, id].join('/'); // one flat text: a template would leave a tree of its pieces
}

export function nameOfKey(key: EntityKey): { readonly type: EntityType; readonly id: string } {
  const slash = key.indexOf('/');
  return { type: key.slice(0, slash) as EntityType, id: key.slice(slash + 1) }; // keys are made of a type and an id
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
  readonly #sets = new Map<EntityKey, NonNullable<Group<EntityKey>>>();

  of(key: EntityKey): readonly EntityKey[] {
    return membersOf(this.#sets.get(key));
  }

  add(key: EntityKey, member: EntityKey): void {
    this.#sets.set(key, withMember(this.#sets.get(key), member));
  }

  remove(key: EntityKey, member: EntityKey): void {
    const others = withoutMember(this.#sets.get(key), member);
    if (others === undefined) this.#sets.delete(key);
    else this.#sets.set(key, others);
  }
}
