/** The newest version of Kong Gateway that the descriptions know. */
export const newestVersion = '3.10';

const weights = [1e9, 1e6, 1e3, 1];

/**
 * Weighs a version for comparison: up to four dot-separated parts, each reduced to its leading digits (`3.9.1-rc` is
 * 3.9.1, `3.10` is above `3.9`).
 * @see Kong Gateway, `kong/clustering/compat/version.lua`
 */
export function versionNumber(version: string): number {
  const parts = version.split('.', 4);
  return parts.reduce((sum, part, index) => sum + Number.parseInt(`0${part}`, 10) * (weights[index] ?? 0), 0);
}

/** Versions at which an entity type, a field, a value or a rule changed, oldest first. */
export const changedAt: readonly string[] = ['2.7', '3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.7', '3.8', '3.9'];
const changeNumbers = changedAt.map(versionNumber);

/** Reduces any version to how many changes it has seen, so that what is compiled per version stays bounded. */
export function versionLevel(version: string): number {
  const number = versionNumber(version);
  return changeNumbers.filter((change) => change <= number).length;
}

const sinceLevels = new Map<string, number>();

/** Tells whether a version at `level` has seen what came with `since`. */
export function levelHas(level: number, since: string | undefined): boolean {
  if (since === undefined) return true;
  // Only descriptions ask, and they name few versions.
  const known = sinceLevels.get(since) ?? versionLevel(since);
  sinceLevels.set(since, known);
  return known <= level;
}

/** The level of a version that has seen every change. */
export const newestLevel = versionLevel(newestVersion);
