import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import type { CheckOptions, CheckResult } from './check-configuration.ts';
import type { CheckedConfiguration } from './checked-configuration.ts';
import { checkConfiguration } from './check-configuration.ts';
import { ownConfigHash } from './own-hash.ts';

const gunzip = promisify(gunzipCallback);

const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
const REMEMBERED = 2;

/** What a payload holds: the whole v1 message, or only the `config_table` as in wRPC. */
export type PayloadKind = 'message' | 'table';

type Table = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One configuration as received, decoded but not yet checked. */
export class ReceivedConfiguration {
  /** Any other type than `reconfigure` is silently ignored by Kong. */
  readonly isReconfigure: boolean;
  readonly configHash: string | undefined;
  readonly hashes: Table | undefined;
  readonly hasTable: boolean;
  readonly bytes: number;
  readonly #check: (table: Table) => CheckResult;
  #table: Table | undefined;
  #result: CheckResult | undefined;
  #ownHash: string | undefined;

  constructor(decoded: unknown, kind: PayloadKind, bytes: number, check: (table: Table) => CheckResult) {
    const message = kind === 'table' ? { type: 'reconfigure', config_table: decoded } : decoded;
    if (!isTable(message)) throw new TypeError('the payload is no JSON object');
    this.isReconfigure = message['type'] === 'reconfigure';
    this.configHash = typeof message['config_hash'] === 'string' ? message['config_hash'] : undefined;
    this.hashes = isTable(message['hashes']) ? message['hashes'] : undefined;
    const table = message['config_table'];
    this.#table = isTable(table) ? table : undefined;
    this.hasTable = this.#table !== undefined;
    this.bytes = bytes;
    this.#check = check;
  }

  /** Checks once, then lets go of the decoded table. */
  check(): CheckResult {
    if (this.#result !== undefined) return this.#result;
    this.#result = this.#check(this.#table ?? {});
    this.#table = undefined;
    return this.#result;
  }

  /** The hash of the content, for a control plane that gave none; to be asked for before `check`. */
  get ownHash(): string {
    return (this.#ownHash ??= ownConfigHash(this.#table ?? {}));
  }
}

/**
 * Decodes and checks payloads. Many data planes of one version can share a reader: the same bytes are then decoded and
 * checked once, and entities that have not changed since the last accepted configuration are not checked again.
 */
export class ConfigurationReader {
  readonly #options: CheckOptions;
  readonly #recent = new Map<string, Promise<ReceivedConfiguration>>();
  #accepted: CheckedConfiguration | undefined;

  constructor(options: CheckOptions) {
    this.#options = options;
  }

  /** @throws {Error} When the bytes are not gzip of a JSON object. */
  read(bytes: Uint8Array, kind: PayloadKind): Promise<ReceivedConfiguration> {
    const key = `${kind}:${createHash('sha1').update(bytes).digest('base64')}`;
    const known = this.#recent.get(key);
    this.#recent.delete(key);
    const received = known ?? this.#decode(bytes, kind);
    this.#recent.set(key, received);
    for (const oldest of this.#recent.keys()) {
      if (this.#recent.size <= REMEMBERED) break;
      this.#recent.delete(oldest);
    }
    return received;
  }

  async #decode(bytes: Uint8Array, kind: PayloadKind): Promise<ReceivedConfiguration> {
    const text = (await gunzip(bytes, { maxOutputLength: MAX_UNPACKED_BYTES })).toString('utf8');
    const decoded: unknown = JSON.parse(text);
    return new ReceivedConfiguration(decoded, kind, bytes.length, (table) => this.#check(table));
  }

  #check(table: Table): CheckResult {
    const result = checkConfiguration(table, this.#options, this.#accepted);
    if (result.ok) this.#accepted = result.value;
    return result;
  }
}
