/** The numbers at the start of a version; build and pre-release parts say nothing about the schema. */
export interface Version {
  readonly major: number;
  readonly minor: number;
}

/** Reads `3.9.3`, `3.10.0-dev` or `2.8.4.1-enterprise`; undefined without at least three numbers. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d{1,4})\.(\d{1,4})\.\d{1,4}/.exec(text);
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) };
}

export const isBelow = (a: Version, b: Version): boolean =>
  a.major < b.major || (a.major === b.major && a.minor < b.minor);

/** `3.9` for 3.9.3. */
export const seriesOf = ({ major, minor }: Version): string => `${major}.${minor}`;

/** The first version with hybrid mode as spoken here. */
const OLDEST: Version = { major: 2, minor: 5 };

/** How a control plane treats data planes of an older major version. */
export interface VersionRule {
  /** The version that the control plane claims. */
  readonly controlPlane: string;
  /** Kong refuses older majors; this server can write for them. */
  readonly acceptOlderMajors: boolean;
}

/** Why a data plane of that version cannot be served, or undefined. Patch numbers are ignored, as in Kong. */
export function versionRefusal(dataPlane: string, rule: VersionRule): string | undefined {
  const node = parseVersion(dataPlane);
  const own = parseVersion(rule.controlPlane);
  if (node === undefined || own === undefined) return `data plane version ${JSON.stringify(dataPlane)} is not readable`;
  if (isBelow(node, OLDEST)) return `data plane version ${dataPlane} is older than 2.5, the oldest supported`;
  const accepted = `control plane version ${rule.controlPlane}`;
  if (node.major > own.major || (node.major < own.major && !rule.acceptOlderMajors)) {
    return `data plane version ${dataPlane} is incompatible with ${accepted} (${own.major}.x.y are accepted)`;
  }
  return isBelow(own, node) ? `data plane version ${dataPlane} is incompatible with older ${accepted}` : undefined;
}
