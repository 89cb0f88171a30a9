import type { EntityType } from '@koko/model';
import { entityTypes } from '@koko/model';
import { BucketedFragments } from './bucketed-fragments.ts';
import type { ConfigView, EntityKey, ViewEntry } from './config-view.ts';
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
 * Types of which nothing has to be changed have no encoded entities of their own here and use those of `base`.
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
    this.apply(new Set([...view.visibleEntries()].map(({ type, id }): EntityKey => `${type}/${id}`)));
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
    if (this.#base !== undefined && !this.#differing.has(type)) return this.#base.#collectionOf(type);
    const known = this.#own.get(type);
    if (known !== undefined) return known;
    const fragments = new BucketedFragments();
    this.#own.set(type, fragments);
    for (const entry of this.#view.visibleEntries(type)) this.#store(entry);
    return fragments;
  }

  /** Takes over what has changed in the view. */
  apply(changed: ReadonlySet<EntityKey>): void {
    const unsettled = [...changed];
    for (let key = unsettled.pop(); key !== undefined; key = unsettled.pop()) {
      const entry = this.#view.visible(key);
      if (this.#compare(key, entry)) unsettled.push(...this.#view.dependentsOf(key));
      if (entry !== undefined) this.#store(entry);
      else this.#forget(key);
    }
  }

  /** @returns Whether the entity became omitted, or is no longer: then those that refer to it must be looked at again. */
  #compare(key: EntityKey, entry: ViewEntry | undefined): boolean {
    const before = this.#differences.get(key);
    const after = entry === undefined ? undefined : this.#differenceOf(entry);
    if (after === undefined) this.#differences.delete(key);
    else this.#differences.set(key, after);
    this.#count(typeOf(key), Number(after !== undefined) - Number(before !== undefined));
    return isOmission(before) !== isOmission(after);
  }

  #count(type: EntityType, step: number): void {
    const count = (this.#differing.get(type) ?? 0) + step;
    if (count > 0) return void this.#differing.set(type, count);
    this.#differing.delete(type);
    if (this.#base !== undefined) this.#own.delete(type); // those of the base will do again
  }

  #differenceOf(entry: ViewEntry): Difference | undefined {
    const lost = entry.references.find((reference) => isOmission(this.#differences.get(reference)));
    if (lost !== undefined) return { omitted: `it refers to ${lost}, which cannot be sent` };
    const entity = JSON.parse(entry.fragment) as DeclarativeEntity; // written from such a one
    const written = this.#writer.write(entry.type, entity);
    if ('omitted' in written) return written;
    if (written.entity === entity) return undefined;
    const fragment = stableJson(written.entity);
    if (written.note !== undefined) return { fragment, note: written.note };
    return fragment === entry.fragment ? undefined : { fragment };
  }

  #store(entry: ViewEntry): void {
    const difference = this.#differences.get(`${entry.type}/${entry.id}`);
    const collection = this.#own.get(entry.type);
    if (difference === undefined) collection?.set(entry.id, entry.fragment);
    else if ('omitted' in difference) collection?.delete(entry.id);
    else collection?.set(entry.id, difference.fragment);
  }

  #forget(key: EntityKey): void {
    const type = typeOf(key);
    this.#own.get(type)?.delete(key.slice(type.length + 1));
  }
}

/** An EntityKey starts with the type. */
const typeOf = (key: EntityKey): EntityType => key.slice(0, key.indexOf('/')) as EntityType;

const isOmission = (difference: Difference | undefined): boolean => difference !== undefined && 'omitted' in difference;
