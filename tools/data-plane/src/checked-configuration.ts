type Fields = Readonly<Record<string, unknown>>;

/** A reference to another entity as written in a configuration: a name or an id. */
export interface WrittenReference {
  readonly field: string;
  readonly type: string;
  readonly value: string;
}

/** One entity that has passed every check that needs no other entity. */
export class CheckedEntity {
  /** The entity as JSON, by which an unchanged one is recognised. */
  readonly text: string;
  readonly primaryKey: string;
  /** The value by which others may refer to it instead of its id. */
  readonly endpointKey: string | undefined;
  /** `field=value` of its unique fields, primary key aside. */
  readonly uniqueValues: readonly string[];
  readonly references: readonly WrittenReference[];

  constructor(parts: Omit<CheckedEntity, 'fields'>) {
    this.text = parts.text;
    this.primaryKey = parts.primaryKey;
    this.endpointKey = parts.endpointKey;
    this.uniqueValues = parts.uniqueValues;
    this.references = parts.references;
  }

  /** The entity as received. */
  fields(): Fields {
    return JSON.parse(this.text) as Fields; // written by ourselves from an object
  }
}

/** A whole configuration that a data plane of some version accepts. */
export class CheckedConfiguration {
  /** Accepted, but probably not what was meant. */
  readonly warnings: readonly string[];
  readonly #collections: ReadonlyMap<string, ReadonlyMap<string, CheckedEntity>>;

  constructor(collections: ReadonlyMap<string, ReadonlyMap<string, CheckedEntity>>, warnings: readonly string[]) {
    this.#collections = collections;
    this.warnings = warnings;
  }

  /** Numbers of entities by collection, empty collections left out. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#collections].filter(([, { size }]) => size > 0).map(([type, { size }]) => [type, size]),
    );
  }

  /** Whether there is nothing but workspaces. */
  get isEmpty(): boolean {
    return [...this.#collections].every(([type, { size }]) => size === 0 || type === 'workspaces');
  }

  types(): IterableIterator<string> {
    return this.#collections.keys();
  }

  has(type: string): boolean {
    return this.#collections.has(type);
  }

  /** By primary key. */
  entitiesOf(type: string): ReadonlyMap<string, CheckedEntity> | undefined {
    return this.#collections.get(type);
  }

  /** The entities of a collection as received. */
  list(type: string): readonly Fields[] {
    return [...(this.#collections.get(type)?.values() ?? [])].map((entity) => entity.fields());
  }
}
