import type { CheckedConfiguration } from './checked-configuration.ts';
import { changesBetween } from './changes.ts';
import type { ConfiguredEvent, RefusedEvent, UnchangedEvent } from './events.ts';
import { EMPTY_HASH } from './own-hash.ts';
import type { ReceivedConfiguration } from './received-configuration.ts';
import type { VersionTraits } from './version-traits.ts';

type Body<Event> = Omit<Event, 'nodeId' | 'at' | 'applyMs'>;

/** What became of a configuration. */
export type Outcome = Body<ConfiguredEvent> | Body<UnchangedEvent> | Body<RefusedEvent>;

/** A configuration so wrong that a data plane of that version loses its connection over it. */
export class FatalConfigurationError extends Error {
  override readonly name = 'FatalConfigurationError';
}

const MAX_PROBLEMS = 20;
const NEEDED_HASHES = ['routes', 'services', 'upstreams', 'targets'] as const;

/** The configuration in force, and the rules by which another takes its place. */
export class RunningConfiguration {
  readonly #traits: VersionTraits;
  #hash: string;
  #checked: CheckedConfiguration | undefined;

  /** @param hash What the data plane has kept over a restart; 32 zeros when it starts empty. */
  constructor(traits: VersionTraits, hash: string = EMPTY_HASH) {
    this.#traits = traits;
    this.#hash = hash;
  }

  /** What pings report. */
  get hash(): string {
    return this.#hash;
  }

  /** The entities in force; undefined before the first configuration. */
  get checked(): CheckedConfiguration | undefined {
    return this.#checked;
  }

  /**
   * Takes or refuses a configuration as a whole.
   * @param configHash The hash that came beside the configuration, or undefined.
   * @throws {FatalConfigurationError} When the connection does not survive it.
   */
  apply(received: ReceivedConfiguration, configHash: string | undefined, hashes: object | undefined): Outcome {
    const sameHash = configHash !== undefined && configHash === this.#hash;
    if (sameHash && this.#traits.comparesHashFirst) return { event: 'unchanged', hash: this.#hash };
    if (!received.hasTable) return this.#withoutTable(configHash);
    this.#demandHashes(hashes);
    const hash = configHash ?? received.ownHash;
    const result = received.check();
    if (!result.ok) return this.#refused(configHash, result.problems);
    if (sameHash) return { event: 'unchanged', hash: this.#hash };
    const { value } = result;
    const changes = changesBetween(this.#checked, value);
    this.#checked = value;
    this.#hash = this.#traits.reportsEmptyHash && value.isEmpty ? EMPTY_HASH : hash;
    const warnings = value.warnings.length === 0 ? {} : { warnings: value.warnings };
    return {
      event: 'configured',
      hash: this.#hash,
      ...changes,
      entities: value.counts,
      ...warnings,
      bytes: received.bytes,
    };
  }

  #withoutTable(configHash: string | undefined): Outcome {
    const message = 'config_table is missing';
    if (this.#traits.diesOfMissingTable) throw new FatalConfigurationError(message);
    return this.#refused(configHash, [{ code: 'ERR_DATA_PLANE_TABLE_MISSING', path: [], message }]);
  }

  #demandHashes(hashes: object | undefined): void {
    if (hashes === undefined || !this.#traits.needsAllHashes) return;
    const missing = NEEDED_HASHES.filter((name) => !Object.hasOwn(hashes, name));
    if (missing.length > 0) throw new FatalConfigurationError(`hashes has no ${missing.join(', ')}`);
  }

  #refused(configHash: string | undefined, problems: RefusedEvent['problems']): Outcome {
    return {
      event: 'refused',
      offeredHash: configHash ?? null,
      hash: this.#hash,
      problems: problems.slice(0, MAX_PROBLEMS),
      problemCount: problems.length,
    };
  }
}
