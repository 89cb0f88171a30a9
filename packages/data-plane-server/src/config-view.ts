import { EntityGroups, EntityMap } from '@koko/model';
import type { EntityType } from '@koko/model';
import { BucketedFragments } from './bucketed-fragments.ts';
import type { FeedChange, FeedEntity, FeedItem } from './configuration-feed.ts';
import type { DeclarativeEntity } from './declarative-entity.ts';
import { declarativeOf, isSentToDataPlanes, referencesOf } from './declarative-entity.ts';
import type { ConfigHashes } from './kong-services.ts';
import { MultisetHash, textHash } from './multiset-hash.ts';
import { stableJson } from './stable-json.ts';

/** `type/id`, unique over all types. */
export type EntityKey = `${EntityType}/${string}`;

/** Names an entity. */
export interface EntityName {
  readonly type: EntityType;
  readonly id: string;
}

/** An entity of the view. Its content is text: as objects, tens of thousands of entities would take five times the memory. */
export interface ViewEntry extends EntityName {
  /** What it refers to. */
  readonly references: readonly EntityName[];
}

interface HeldEntry extends ViewEntry {
  /** Of the content. */
  readonly hash: bigint;
  /** Services and plugins can be switched off. */
  readonly isEnabled: boolean;
  /** Of a plugin. */
  readonly pluginName: string | undefined;
  readonly hasExpression: boolean;
  /** Whether data planes are to have it; see `#isVisible`. */
  visible: boolean;
  /** The content while it is not visible; then it is in the collection of its type. */
  hidden: string | undefined;
}

const hashedTypes = ['routes', 'services', 'plugins', 'upstreams', 'targets'] as const;

export const keyOf = ({ type, id }: EntityName): EntityKey => `${type}/${id}`;

/**
 * The configuration at a revision, kept up by a feed at a cost that depends on what changed only.
 * Left out, as Kong leaves them out: disabled services, their routes, and the plugins of both; disabled plugins. An entity
 * that refers to something absent is left out too, because it would make a data plane refuse everything.
 */
export class ConfigView {
  readonly #entries = new EntityMap<HeldEntry>();
  /** Who refers to an entity, whether or not that entity is there. */
  readonly #dependents = new EntityGroups<HeldEntry>();
  /** The content of what is visible: in the form of a declarative document (references are ids), JSON with sorted keys. */
  readonly #collections = new Map<EntityType, BucketedFragments>();
  readonly #total = new MultisetHash();
  readonly #byType = new Map<EntityType, MultisetHash>();
  readonly #pluginUses = new Map<string, number>();
  #expressionRoutes = 0;
  #revision: number | undefined;

  /** @param clusterId The value of the `cluster_id` parameter, a UUID. */
  constructor(clusterId: string) {
    // Without this row, data planes from 3.2 on count an otherwise empty configuration as none and ask for it again.
    const parameter = { key: 'cluster_id', value: clusterId };
    const entry = heldEntry('parameters', 'cluster_id', parameter, stableJson(parameter));
    this.#entries.set('parameters', 'cluster_id', entry);
    this.#show(entry);
  }

  /** The revision of the last item; undefined before the first, and after `suspend`. */
  get revision(): number | undefined {
    return this.#revision;
  }

  /** The hash of everything that is visible, and of the parts that data planes rebuild separately. */
  get hashes(): ConfigHashes {
    const parts = hashedTypes.map((type) => [type, this.#hashOf(type).toString()] as const);
    // hashedTypes lists exactly the keys that ConfigHashes has besides `config`.
    return { config: this.#total.toString(), ...Object.fromEntries(parts) } as unknown as ConfigHashes;
  }

  /** Visible entities by type; types without any are absent. */
  get counts(): Readonly<Record<string, number>> {
    const counted = [...this.#byType].map(([type, hash]) => [type, hash.count] as const);
    return Object.fromEntries(counted.filter(([, count]) => count > 0));
  }

  /** Names of the plugins that the visible configuration uses. */
  get usedPlugins(): readonly string[] {
    return [...this.#pluginUses.keys()];
  }

  /** Some routes have an expression and some have none; data planes before 3.7 refuse that. */
  get mixesRouteFlavors(): boolean {
    return this.#expressionRoutes > 0 && this.#expressionRoutes < this.#hashOf('routes').count;
  }

  /** The entity, when data planes are to have it. */
  visible({ type, id }: EntityName): ViewEntry | undefined {
    const entry = this.#entries.get(type, id);
    return entry?.visible === true ? entry : undefined;
  }

  /** Every entity that data planes are to have, with its content. */
  *visibleEntries(): Iterable<readonly [ViewEntry, fragment: string]> {
    for (const [type, collection] of this.#collections) {
      for (const [id, fragment] of collection.entries()) yield [this.#entries.get(type, id)!, fragment]; // it is visible
    }
  }

  /** The content of what is visible of a type. */
  collectionOf(type: EntityType): BucketedFragments {
    let collection = this.#collections.get(type);
    if (collection === undefined) this.#collections.set(type, (collection = new BucketedFragments()));
    return collection;
  }

  dependentsOf({ type, id }: EntityName): readonly ViewEntry[] {
    return this.#dependents.of(type, id);
  }

  /** @returns The keys of all entities that became visible or invisible, or changed while visible. */
  apply(item: FeedItem): ReadonlySet<EntityKey> {
    const changed = new Set<EntityKey>();
    const unsettled: HeldEntry[] = [];
    for (const change of item.kind === 'snapshot' ? this.#differenceTo(item.entities) : item.changes) {
      if (!isSentToDataPlanes(change.type) || isOwnParameter(change)) continue;
      if (change.op === 'upsert') this.#upsert(change, changed, unsettled);
      else this.#delete(change, changed, unsettled);
    }
    this.#settle(changed, unsettled);
    for (const collection of this.#collections.values()) collection.compact();
    this.#revision = item.revision;
    return changed;
  }

  /** No feed keeps it up any more: until a snapshot comes, what is here may be out of date. */
  suspend(): void {
    this.#revision = undefined;
  }

  #differenceTo(entities: readonly FeedEntity[]): FeedChange[] {
    const kept = new EntityMap<true>();
    kept.set('parameters', 'cluster_id', true); // ours, see the constructor
    for (const { type, entity } of entities) kept.set(type, entity.id, true);
    const gone = [...this.#entries.values()].filter(({ type, id }) => !kept.has(type, id));
    const deletes = gone.map(({ type, id }) => ({ op: 'delete', type, id }) as const);
    return [...deletes, ...entities.map((entity) => ({ op: 'upsert', ...entity }) as const)];
  }

  #upsert({ type, entity }: FeedEntity, changed: Set<EntityKey>, unsettled: HeldEntry[]): void {
    const before = this.#entries.get(type, entity.id);
    const declarative = declarativeOf(type, entity);
    const fragment = stableJson(declarative);
    const entry = heldEntry(type, entity.id, declarative, fragment);
    if (before?.hash === entry.hash) return;
    if (before !== undefined) this.#remove(before);
    this.#entries.set(type, entry.id, entry);
    for (const reference of entry.references) this.#dependents.add(reference.type, reference.id, entry);
    if (before?.visible === true) {
      this.#show(entry);
      changed.add(keyOf(entry));
    }
    unsettled.push(entry);
  }

  #delete(name: EntityName, changed: Set<EntityKey>, unsettled: HeldEntry[]): void {
    const { type, id } = name;
    const entry = this.#entries.get(type, id);
    if (entry === undefined) return;
    if (entry.visible) {
      changed.add(keyOf(name));
      this.collectionOf(type).delete(id);
    }
    this.#remove(entry);
    this.#entries.delete(type, id);
    unsettled.push(...this.#dependents.of(type, id));
  }

  /** Forgets all but the content, which goes or is replaced. */
  #remove(entry: HeldEntry): void {
    if (entry.visible) this.#count(entry, -1);
    for (const { type, id } of entry.references) this.#dependents.remove(type, id, entry);
  }

  /** Visibility goes down the references: whoever turns invisible takes along what refers to it. */
  #settle(changed: Set<EntityKey>, unsettled: HeldEntry[]): void {
    for (let entry = unsettled.pop(); entry !== undefined; entry = unsettled.pop()) {
      const visible = this.#isVisible(entry);
      if (visible === entry.visible || this.#entries.get(entry.type, entry.id) !== entry) continue; // gone meanwhile
      if (visible) this.#show(entry);
      else this.#hide(entry);
      changed.add(keyOf(entry));
      unsettled.push(...this.#dependents.of(entry.type, entry.id));
    }
  }

  #isVisible(entry: HeldEntry): boolean {
    if (!entry.isEnabled) return false;
    return entry.references.every(({ type, id }) => this.#entries.get(type, id)?.visible === true);
  }

  #show(entry: HeldEntry): void {
    this.collectionOf(entry.type).set(entry.id, entry.hidden ?? '');
    entry.hidden = undefined;
    entry.visible = true;
    this.#count(entry, 1);
  }

  #hide(entry: HeldEntry): void {
    const collection = this.collectionOf(entry.type);
    entry.hidden = collection.get(entry.id);
    collection.delete(entry.id);
    entry.visible = false;
    this.#count(entry, -1);
  }

  #count(entry: HeldEntry, step: 1 | -1): void {
    for (const hash of [this.#total, this.#hashOf(entry.type)]) {
      if (step > 0) hash.add(entry.hash);
      else hash.delete(entry.hash);
    }
    if (entry.pluginName !== undefined) this.#countPlugin(entry.pluginName, step);
    if (entry.hasExpression) this.#expressionRoutes += step;
  }

  #countPlugin(name: string, step: number): void {
    const uses = (this.#pluginUses.get(name) ?? 0) + step;
    if (uses > 0) this.#pluginUses.set(name, uses);
    else this.#pluginUses.delete(name);
  }

  #hashOf(type: EntityType): MultisetHash {
    let hash = this.#byType.get(type);
    if (hash === undefined) this.#byType.set(type, (hash = new MultisetHash()));
    return hash;
  }
}

function heldEntry(
  ...[type, id, entity, fragment]: [type: EntityType, id: string, entity: DeclarativeEntity, fragment: string]
): HeldEntry {
  const canBeDisabled = type === 'services' || type === 'plugins';
  return {
    type,
    id,
    references: referencesOf(type, entity).slice(), // without the room to grow that mapping leaves
    hash: textHash(type, fragment),
    isEnabled: !canBeDisabled || entity['enabled'] !== false,
    pluginName: type === 'plugins' ? String(entity['name']) : undefined,
    hasExpression: type === 'routes' && typeof entity['expression'] === 'string',
    visible: false,
    hidden: fragment,
  };
}

/** The `cluster_id` row belongs to this server, whatever the feed says. */
function isOwnParameter(change: FeedChange): boolean {
  if (change.type !== 'parameters') return false;
  return change.op === 'delete' ? change.id === 'cluster_id' : change.entity['key'] === 'cluster_id';
}
