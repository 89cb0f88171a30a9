import { EventEmitter } from 'eventemitter3';
import type { ConfigView, EntityKey } from './config-view.ts';
import type { GzipPart } from './gzip-parts.ts';
import { gzipStream, storedPart } from './gzip-parts.ts';
import { configService } from './kong-services.ts';
import { SchemaProjection } from './schema-projection.ts';
import type { SchemaVersion } from './schema-version.ts';
import { newestSchemaVersion } from './schema-version.ts';

/** The whole-payload protocols. */
export type PayloadProtocol = 'v1' | 'wrpc';

/** One encoded configuration, shared by every data plane that gets the same. */
export interface Payload {
  /**
   * For v1 the gzip of a `reconfigure` message, for wRPC an encoded `SyncConfigRequest`. They are those of which the
   * configuration is kept, and what replaces one of these leaves it as it is; so payloads take next to no memory of their
   * own, and a data plane that reads slowly gets what it was sent.
   */
  readonly pieces: readonly Buffer[];
  readonly sizeBytes: number;
  readonly configHash: string;
  readonly protocol: PayloadProtocol;
  readonly schemaVersion: string;
}

export interface PayloadCacheEvents {
  built: (payload: Payload, durationMs: number) => void;
}

// Data planes of one installation come in few versions; more classes than these at a time are rebuilt in turn.
const MAX_PROJECTIONS = 12;
// Sets of plugins can be many; each costs a list of pieces until the next change.
const MAX_PAYLOADS = 24;

const comma = storedPart(',');

/** Builds payloads from encoded parts and keeps them until the configuration changes. */
export class PayloadCache {
  readonly events = new EventEmitter<PayloadCacheEvents>();
  readonly #view: ConfigView;
  readonly #base: SchemaProjection;
  readonly #projections = new Map<string, SchemaProjection>();
  readonly #payloads = new Map<string, Payload>();
  #buildCount = 0;

  constructor(view: ConfigView) {
    this.#view = view;
    this.#base = new SchemaProjection(view, newestSchemaVersion);
  }

  /** Takes over what has changed in the view; nothing is encoded yet. */
  apply(changed: ReadonlySet<EntityKey>): void {
    this.#base.apply(changed);
    for (const projection of this.#projections.values()) projection.apply(changed);
    this.#payloads.clear();
  }

  /** Payloads built since the last change. */
  get payloads(): readonly Payload[] {
    return [...this.#payloads.values()];
  }

  /** The configuration as a class of data planes gets it. */
  projectionOf(schema: SchemaVersion): SchemaProjection {
    if (schema.name === this.#base.schema.name) return this.#base;
    const known = this.#projections.get(schema.name);
    const projection = known ?? new SchemaProjection(this.#view, schema, this.#base);
    this.#projections.delete(schema.name); // the map is in order of use: the first is the one to drop
    this.#projections.set(schema.name, projection);
    if (this.#projections.size > MAX_PROJECTIONS) deleteFirst(this.#projections);
    return projection;
  }

  /** @param without Collections that the data plane does not know. */
  payloadFor(protocol: PayloadProtocol, schema: SchemaVersion, without: readonly string[]): Payload {
    const projection = this.projectionOf(schema);
    const shared = projection.equalsBase && schema.formatVersion === newestSchemaVersion.formatVersion;
    const schemaVersion = shared ? newestSchemaVersion.name : schema.name;
    const key = [protocol, schemaVersion, ...without].join(' ');
    const known = this.#payloads.get(key);
    if (known !== undefined) return known;
    const payload = this.#build(protocol, projection, { schemaVersion, without });
    if (this.#payloads.size >= MAX_PAYLOADS) deleteFirst(this.#payloads);
    this.#payloads.set(key, payload);
    return payload;
  }

  #build(
    protocol: PayloadProtocol,
    projection: SchemaProjection,
    options: { schemaVersion: string; without: readonly string[] },
  ): Payload {
    const started = performance.now();
    const table = tableParts(projection, options.without);
    const pieces = protocol === 'v1' ? this.#reconfigure(table) : this.#syncConfig(table);
    const configHash = this.#view.hashes.config;
    const { schemaVersion } = options;
    const payload: Payload = { pieces, sizeBytes: lengthOf(pieces), configHash, protocol, schemaVersion };
    this.events.emit('built', payload, performance.now() - started);
    return payload;
  }

  /** Without a timestamp, which data planes only log: equal content, equal bytes. */
  #reconfigure(table: readonly GzipPart[]): readonly Buffer[] {
    const { hashes } = this.#view;
    const head = { type: 'reconfigure', config_hash: hashes.config, hashes };
    const open = `${JSON.stringify(head).slice(0, -1)},"config_table":`;
    return gzipStream([storedPart(open), ...table, storedPart('}')]);
  }

  /** The configuration is appended by hand: protobufjs would copy it. */
  #syncConfig(table: readonly GzipPart[]): readonly Buffer[] {
    this.#buildCount += 1; // at least 1: a version of 0 is not written, and a data plane fails without it
    const { hashes } = this.#view;
    const rest = { config: new Uint8Array(0), version: this.#buildCount, configHash: hashes.config, hashes };
    const head = configService.methods.syncConfig.request.encode(rest);
    const config = gzipStream(table);
    return [Buffer.from(head), Buffer.from([CONFIG_TAG, ...varint(lengthOf(config))]), ...config];
  }
}

const CONFIG_TAG = (1 << 3) | 2; // field 1 of SyncConfigRequest, length-delimited

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

const lengthOf = (pieces: readonly Buffer[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

function tableParts(projection: SchemaProjection, without: readonly string[]): GzipPart[] {
  const parts = [storedPart(`{"_format_version":"${projection.schema.formatVersion}","_transform":false`)];
  for (const [type, fragments] of projection.collections()) {
    if (fragments.size === 0 || without.includes(type)) continue;
    parts.push(storedPart(`,"${type}":[`));
    fragments.parts().forEach((part, index) => parts.push(...(index === 0 ? [part] : [comma, part])));
    parts.push(storedPart(']'));
  }
  return [...parts, storedPart('}')];
}

function deleteFirst(map: Map<string, unknown>): void {
  for (const key of map.keys()) return void map.delete(key);
}
