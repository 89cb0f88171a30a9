import type { Version } from './version.ts';
import { isBelow, parseVersion, seriesOf } from './version.ts';

/**
 * Versions of Kong at which core entities changed. Data planes between two of them are written for alike.
 * @see version-compatibility: first version of fields, values and collections
 */
const changedAt = ['2.5.0', '2.7.0', '3.0.0', '3.1.0', '3.2.0', '3.3.0', '3.4.0', '3.5.0', '3.7.0', '3.8.0', '3.9.0'];

/** A class of data planes that understand the same entities, named by its first version. */
export interface SchemaVersion {
  /** `3.7` for 3.7.0 up to before 3.8.0. */
  readonly name: string;
  readonly version: Version;
  /** What `_format_version` must say. */
  readonly formatVersion: '2.1' | '3.0';
}

const classes: readonly SchemaVersion[] = changedAt.map((text) => {
  const version = parseVersion(text)!; // the table above is readable
  return { name: seriesOf(version), version, formatVersion: version.major < 3 ? '2.1' : '3.0' };
});

/** The class of a data plane's version, which `versionRefusal` has let through. */
export function schemaVersionOf(version: string): SchemaVersion {
  const node = parseVersion(version);
  const reached = classes.filter((candidate) => node !== undefined && !isBelow(node, candidate.version));
  return reached.at(-1) ?? classes[0]!; // the table is not empty
}

/** The newest class: nothing is removed for it. */
export const newestSchemaVersion: SchemaVersion = classes.at(-1)!; // the table is not empty
