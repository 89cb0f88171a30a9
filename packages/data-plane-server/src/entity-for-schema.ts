import type { EntityType } from '@koko/model';
import { entityForVersion } from '@koko/model';
import type { Rewrite, Rewritten } from './core-rewrites.ts';
import { coreRewrites } from './core-rewrites.ts';
import type { DeclarativeEntity } from './declarative-entity.ts';
import type { SchemaVersion } from './schema-version.ts';
import { newestSchemaVersion } from './schema-version.ts';
import { isBelow } from './version.ts';

/** Writes entities for one class of data planes. */
export class EntityWriter {
  readonly #schema: SchemaVersion;
  readonly #rewrites = new Map<EntityType, Rewrite[]>();

  constructor(schema: SchemaVersion) {
    this.#schema = schema;
    for (const rewrite of coreRewrites.filter(({ below }) => isBelow(schema.version, below))) {
      this.#rewrites.set(rewrite.type, [...(this.#rewrites.get(rewrite.type) ?? []), rewrite]);
    }
  }

  /** The entity itself, the same object, when nothing has to be changed. */
  write(type: EntityType, entity: DeclarativeEntity): Rewritten {
    if (this.#schema.name === newestSchemaVersion.name) return { entity };
    let current = entity;
    const notes: string[] = [];
    for (const { rewrite } of this.#rewrites.get(type) ?? []) {
      const result = rewrite(current);
      if (result === undefined) continue;
      if ('omitted' in result) return result;
      current = result.entity;
      if (result.note !== undefined) notes.push(result.note);
    }
    return this.#withoutUnknown(type, current, notes);
  }

  #withoutUnknown(type: EntityType, entity: DeclarativeEntity, notes: readonly string[]): Rewritten {
    const known = entityForVersion(type, entity, `${this.#schema.name}.0`);
    if (known.entity === undefined) {
      const what = known.removed.filter((path) => path !== '').join(', ');
      return { omitted: what === '' ? `${type} are not known there` : `its ${what} cannot be expressed there` };
    }
    const note = [...notes, ...(known.removed.length === 0 ? [] : [`${known.removed.join(', ')} not known there`])];
    // Every version ignores an unknown field that is null, so what lacks nothing else can stay as it is.
    const written = isSameButNulls(entity, known.entity) ? entity : known.entity;
    return note.length === 0 ? { entity: written } : { entity: written, note: note.join('; ') };
  }
}

function isSameButNulls(before: DeclarativeEntity, after: DeclarativeEntity): boolean {
  return Object.entries(before).every(([key, value]) => {
    const other = after[key];
    if (value === other || (value === null && other === undefined)) return true;
    return isRecord(value) && isRecord(other) && isSameButNulls(value, other);
  });
}

const isRecord = (value: unknown): value is DeclarativeEntity =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
