import type { RouterFlavor } from '@koko/model';

/** The protocols a data plane of this package can speak. */
export type DataPlaneProtocol = 'wrpc' | 'v1';

/** What differs between Kong versions as seen from the control plane. */
export interface VersionTraits {
  readonly version: string;
  readonly major: number;
  readonly minor: number;
  /** Limit of one WebSocket frame in either direction; larger ones end the connection. */
  readonly maxPayloadBytes: number;
  /** `_format_version` values that the version reads. */
  readonly formatVersions: readonly string[];
  readonly sendsLabels: boolean;
  readonly sendsProcessConfiguration: boolean;
  /** Reports 32 zeros instead of the given hash when there is nothing but workspaces. */
  readonly reportsEmptyHash: boolean;
  /** Compares the offered hash with its own before it parses the configuration. */
  readonly comparesHashFirst: boolean;
  /** Pings the old hash right after it refused a configuration. */
  readonly pingsAfterRefusal: boolean;
  /** Leaves the connection over a message without `config_table` instead of refusing it. */
  readonly diesOfMissingTable: boolean;
  /** Needs every key of `hashes` when `hashes` is there at all. */
  readonly needsAllHashes: boolean;
  /** Says goodbye with an empty close frame when a payload cannot be decoded; others just drop the connection. */
  readonly closesOnBadPayload: boolean;
  /** Accepts `{ "id": … }` where a reference to another entity is expected. */
  readonly acceptsObjectReferences: boolean;
}

const MIB = 1_048_576;
const VERSION_PATTERN = /^(\d+)\.(\d+)\.(\d+)/;

/**
 * Tells what a Kong version does.
 * @param version For example `3.9.3`; what follows the third number is ignored.
 * @throws {RangeError} When `version` is not one of Kong 2.5 to 3.x.
 */
export function traitsOf(version: string): VersionTraits {
  const match = VERSION_PATTERN.exec(version);
  if (match === null)
    throw new RangeError(`Cannot read Kong version "${version}": expected three numbers, as in 3.9.3`);
  const major = Number(match[1]);
  const minor = Number(match[2]);
  const since = (sinceMajor: number, sinceMinor: number): boolean =>
    major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
  if (!since(2, 5) || since(4, 0)) {
    throw new RangeError(`Cannot simulate Kong ${version}: only 2.5 to 3.x have a known hybrid mode`);
  }
  return {
    version,
    major,
    minor,
    maxPayloadBytes: since(3, 4) ? 16 * MIB : 4 * MIB,
    formatVersions: since(3, 0) ? ['1.1', '2.1', '3.0'] : ['1.1', '2.1'],
    sendsLabels: since(3, 3),
    sendsProcessConfiguration: since(3, 4),
    reportsEmptyHash: since(3, 2),
    comparesHashFirst: since(2, 8),
    pingsAfterRefusal: !since(3, 5),
    diesOfMissingTable: !since(3, 6),
    needsAllHashes: major === 2 && minor === 8,
    closesOnBadPayload: !since(3, 0),
    acceptsObjectReferences: since(3, 0),
  };
}

/** What `router_flavor` is unless somebody sets it. */
export const defaultRouterFlavor = ({ major }: VersionTraits): RouterFlavor =>
  major < 3 ? 'traditional' : 'traditional_compatible';

/** Says why a version cannot speak a protocol, or `undefined` when it can. */
export function protocolObjection(
  protocol: DataPlaneProtocol,
  { version, major, minor }: VersionTraits,
): string | undefined {
  if (protocol === 'wrpc' && !(major === 3 && minor <= 1)) {
    return `Kong ${version} does not speak wRPC: only 3.0 and 3.1 do, use protocol v1`;
  }
  if (protocol === 'v1' && major === 3 && minor === 1) {
    return 'Kong 3.1 does not speak v1: use protocol wrpc, or another version';
  }
  return undefined;
}
