import type { EntityType } from '@koko/model';
import type { FeedChange, FeedEntity, FeedItem } from './configuration-feed.ts';
import type { DeclarativeEntity } from './declarative-entity.ts';
import { declarativeOf, isSentToDataPlanes, referencesOf } from './declarative-entity.ts';
import type { ConfigHashes } from './kong-services.ts';
import { MultisetHash, textHash } from './multiset-hash.ts';
import { stableJson } from './stable-json.ts';

/** `type/id`, unique over all types. */
export type EntityKey = `${EntityType}/${string}`;

/** An entity of the view, kept as text: as objects, tens of thousands of entities would take five times the memory. */
export interface ViewEntry {
  readonly type: EntityType;
  readonly id: string;
  /** In the form of a declarative document (references are id strings), as JSON with sorted keys. */
  readonly fragment: string;
  /** What it refers to. */
  readonly references: readonly EntityKey[];
}

interface HeldEntry extends ViewEntry {
  readonly hash: bigint;
  /** Services and plugins can be switched off. */
  readonly isEnabled: boolean;
  /** Of a plugin. */
  readonly pluginName: string | undefined;
  readonly hasExpression: boolean;
  /** Whether data planes are to have it; see `#isVisible`. */
  visible: boolean;
}

const hashedTypes = ['routes', 'services', 'plugins', 'upstreams', 'targets'] as const;

export const keyOf = (type: EntityType, id: string): EntityKey => `${type}/${id}`;

/**
 * The configuration at a revision, kept up by a feed at a cost that depends on what changed only.
 * Left out, as Kong leaves them out: disabled services, their routes, and the plugins of both; disabled plugins. An entity
 * that refers to something absent is left out too, because it would make a data plane refuse everything.
 */
export class ConfigView {
  readonly #entries = new Map<EntityKey, HeldEntry>();
  /** Who refers to an entity, whether or not that entity is there. */
  readonly #dependents = new Map<EntityKey, Set<EntityKey>>();
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
    this.#entries.set(keyOf('parameters', 'cluster_id'), entry);
    this.#show(entry, true);
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
  visible(key: EntityKey): ViewEntry | undefined {
    const entry = this.#entries.get(key);
    return entry?.visible === true ? entry : undefined;
  }

  /** Everything that data planes are to have, of one type or of all. */
  *visibleEntries(type?: EntityType): Iterable<ViewEntry> {
    for (const entry of this.#entries.values()) {
      if (entry.visible && (type === undefined || entry.type === type)) yield entry;
    }
  }

  dependentsOf(key: EntityKey): Iterable<EntityKey> {
    return this.#dependents.get(key) ?? [];
  }

  /** @returns The keys of all entities that became visible or invisible, or changed while visible. */
  apply(item: FeedItem): ReadonlySet<EntityKey> {
    const changed = new Set<EntityKey>();
    const unsettled: EntityKey[] = [];
    for (const change of item.kind === 'snapshot' ? this.#differenceTo(item.entities) : item.changes) {
      if (!isSentToDataPlanes(change.type) || isOwnParameter(change)) continue;
      if (change.op === 'upsert') this.#upsert(change, changed, unsettled);
      else this.#delete(keyOf(change.type, change.id), changed, unsettled);
    }
    this.#settle(changed, unsettled);
    this.#revision = item.revision;
    return changed;
  }

  /** No feed keeps it up any more: until a snapshot comes, what is here may be out of date. */
  suspend(): void {
    this.#revision = undefined;
  }

  #differenceTo(entities: readonly FeedEntity[]): FeedChange[] {
    const kept = new Set(entities.map(({ type, entity }) => keyOf(type, entity.id)));
    kept.add(keyOf('parameters', 'cluster_id')); // ours, see the constructor
    const gone = [...this.#entries].filter(([key]) => !kept.has(key));
    const deletes = gone.map(([, { type, id }]) => ({ op: 'delete', type, id }) as const);
    return [...deletes, ...entities.map((entity) => ({ op: 'upsert', ...entity }) as const)];
  }

  #upsert(change: FeedEntity, changed: Set<EntityKey>, unsettled: EntityKey[]): void {
    const key = keyOf(change.type, change.entity.id);
    const before = this.#entries.get(key);
    const entity = declarativeOf(change.type, change.entity);
    const fragment = stableJson(entity);
    if (before?.fragment === fragment) return;
    const visible = before?.visible ?? false;
    if (before !== undefined) this.#remove(key, before);
    const entry = heldEntry(change.type, change.entity.id, entity, fragment);
    this.#entries.set(key, entry);
    for (const reference of entry.references) this.#link(reference, key);
    if (visible) {
      this.#show(entry, true);
      changed.add(key);
    }
    unsettled.push(key);
  }

  #delete(key: EntityKey, changed: Set<EntityKey>, unsettled: EntityKey[]): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (entry.visible) changed.add(key);
    this.#remove(key, entry);
    this.#entries.delete(key);
    unsettled.push(...this.dependentsOf(key));
  }

  #remove(key: EntityKey, entry: HeldEntry): void {
    this.#show(entry, false);
    for (const reference of entry.references) this.#unlink(reference, key);
  }

  /** Visibility goes down the references: whoever turns invisible takes along what refers to it. */
  #settle(changed: Set<EntityKey>, unsettled: EntityKey[]): void {
    for (let key = unsettled.pop(); key !== undefined; key = unsettled.pop()) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      const visible = this.#isVisible(entry);
      if (visible === entry.visible) continue;
      this.#show(entry, visible);
      changed.add(key);
      unsettled.push(...this.dependentsOf(key));
    }
  }

  #isVisible(entry: HeldEntry): boolean {
    if (!entry.isEnabled) return false;
    return entry.references.every((reference) => this.#entries.get(reference)?.visible === true);
  }

  #show(entry: HeldEntry, visible: boolean): void {
    if (entry.visible === visible) return;
    entry.visible = visible;
    for (const hash of [this.#total, this.#hashOf(entry.type)]) {
      if (visible) hash.add(entry.hash);
      else hash.delete(entry.hash);
    }
    const step = visible ? 1 : -1;
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

  #link(to: EntityKey, from: EntityKey): void {
    const set = this.#dependents.get(to);
    if (set === undefined) this.#dependents.set(to, new Set([from]));
    else set.add(from);
  }

  #unlink(to: EntityKey, from: EntityKey): void {
    const set = this.#dependents.get(to);
    set?.delete(from);
    if (set?.size === 0) this.#dependents.delete(to);
  }
}

function heldEntry(
  ...[type, id, entity, fragment]: [type: EntityType, id: string, entity: DeclarativeEntity, fragment: string]
): HeldEntry {
  const canBeDisabled = type === 'services' || type === 'plugins';
  return {
    type,
    id,
    fragment,
    references: referencesOf(type, entity).map((target) => keyOf(target.type, target.id)),
    hash: textHash(type, fragment),
    isEnabled: !canBeDisabled || entity['enabled'] !== false,
    pluginName: type === 'plugins' ? String(entity['name']) : undefined,
    hasExpression: type === 'routes' && typeof entity['expression'] === 'string',
    visible: false,
  };
}

/** The `cluster_id` row belongs to this server, whatever the feed says. */
function isOwnParameter(change: FeedChange): boolean {
  if (change.type !== 'parameters') return false;
  return change.op === 'delete' ? change.id === 'cluster_id' : change.entity['key'] === 'cluster_id';
}
