import type { EntityType } from '@koko/model';
import { entityTypes } from '@koko/model';
import { BucketedFragments } from './bucketed-fragments.ts';
import { keyOf } from './config-view.ts';
import type { ConfigView, EntityKey, EntityName, ViewEntry } from './config-view.ts';
import type { DeclarativeEntity } from './declarative-entity.ts';
import { EntityWriter } from './entity-for-schema.ts';
import type { SchemaVersion } from './schema-version.ts';
import { stableJson } from './stable-json.ts';

/** Encoded entities by collection. */
export type Collections = ReadonlyMap<EntityType, BucketedFragments>;

/** How an entity differs for one class of data planes. */
export type Difference = { readonly fragment: string; readonly note?: string } | { readonly omitted: string };

/**
 * The configuration as one class of data planes gets it: encoded entities, and what had to be changed for them.
 * Types of which nothing has to be changed have no encoded entities of their own here and use those of the view.
 */
export class SchemaProjection {
  readonly schema: SchemaVersion;
  readonly #view: ConfigView;
  readonly #base: SchemaProjection | undefined;
  readonly #writer: EntityWriter;
  readonly #differences = new Map<EntityKey, Difference>();
  /** How many entities of a type differ. */
  readonly #differing = new Map<EntityType, number>();
  /** Encoded entities of the types in which any differs. */
  readonly #own = new Map<EntityType, BucketedFragments>();

  /** @param base The projection of the newest class; absent for that one itself. */
  constructor(view: ConfigView, schema: SchemaVersion, base?: SchemaProjection) {
    this.#view = view;
    this.schema = schema;
    this.#base = base;
    this.#writer = new EntityWriter(schema);
    if (base === undefined) return; // nothing has to be changed for the newest class
    const unsettled: EntityName[] = [];
    for (const [entry, fragment] of view.visibleEntries()) {
      if (this.#compare(entry, this.#differenceOf(entry, fragment))) unsettled.push(...view.dependentsOf(entry));
    }
    this.#look(unsettled);
  }

  /** What data planes of this class get differently, or not at all. */
  get differences(): ReadonlyMap<EntityKey, Difference> {
    return this.#differences;
  }

  /** Whether its collections are those of the newest class. */
  get equalsBase(): boolean {
    return this.#base !== undefined && this.#differences.size === 0;
  }

  /** The encoded entities of every type. What is new is built on first use, then kept up. */
  collections(): Collections {
    return new Map(entityTypes.map((type) => [type, this.#collectionOf(type)]));
  }

  #collectionOf(type: EntityType): BucketedFragments {
    if (this.#base === undefined || !this.#differing.has(type)) return this.#view.collectionOf(type);
    const known = this.#own.get(type);
    if (known !== undefined) return known;
    const fragments = new BucketedFragments();
    this.#own.set(type, fragments);
    for (const [id, fragment] of this.#view.collectionOf(type).entries()) this.#store({ type, id }, fragment);
    fragments.compact();
    return fragments;
  }

  /** Takes over what has changed in the view. */
  apply(changed: ReadonlySet<EntityKey>): void {
    if (this.#base !== undefined) this.#look(Array.from(changed, nameOf));
    for (const fragments of this.#own.values()) fragments.compact();
  }

  #look(unsettled: EntityName[]): void {
    for (let name = unsettled.pop(); name !== undefined; name = unsettled.pop()) {
      const entry = this.#view.visible(name);
      const fragment = entry && this.#view.collectionOf(name.type).get(name.id);
      const difference = entry && fragment !== undefined ? this.#differenceOf(entry, fragment) : undefined;
      if (this.#compare(name, difference)) unsettled.push(...this.#view.dependentsOf(name));
      if (fragment !== undefined) this.#store(name, fragment);
      else this.#own.get(name.type)?.delete(name.id);
    }
  }

  /** @returns Whether the entity became omitted, or is no longer: then those that refer to it must be looked at again. */
  #compare(name: EntityName, after: Difference | undefined): boolean {
    const key = keyOf(name);
    const before = this.#differences.get(key);
    if (after === undefined) this.#differences.delete(key);
    else this.#differences.set(key, after);
    this.#count(name.type, Number(after !== undefined) - Number(before !== undefined));
    return isOmission(before) !== isOmission(after);
  }

  #count(type: EntityType, step: number): void {
    const count = (this.#differing.get(type) ?? 0) + step;
    if (count > 0) return void this.#differing.set(type, count);
    this.#differing.delete(type);
    if (this.#base !== undefined) this.#own.delete(type); // those of the base will do again
  }

  #differenceOf({ type, references }: ViewEntry, fragment: string): Difference | undefined {
    const lost = references.find((reference) => isOmission(this.#differences.get(keyOf(reference))));
    if (lost !== undefined) return { omitted: `it refers to ${keyOf(lost)}, which cannot be sent` };
    const entity = JSON.parse(fragment) as DeclarativeEntity; // written from such a one
    const written = this.#writer.write(type, entity);
    if ('omitted' in written) return written;
    if (written.entity === entity) return undefined;
    const different = stableJson(written.entity);
    if (written.note !== undefined) return { fragment: different, note: written.note };
    return different === fragment ? undefined : { fragment: different };
  }

  /** @param fragment The entity as it is in the view. */
  #store(name: EntityName, fragment: string): void {
    const difference = this.#differences.get(keyOf(name));
    const collection = this.#own.get(name.type);
    if (difference === undefined) collection?.set(name.id, fragment);
    else if ('omitted' in difference) collection?.delete(name.id);
    else collection?.set(name.id, difference.fragment);
  }
}

function nameOf(key: EntityKey): EntityName {
  const slash = key.indexOf('/');
  return { type: key.slice(0, slash) as EntityType, id: key.slice(slash + 1) }; // keys are made of a type and an id
}

const isOmission = (difference: Difference | undefined): boolean => difference !== undefined && 'omitted' in difference;
