export { ManifestDirectory } from './manifest-directory.ts';
export type { ManifestDirectoryOptions } from './manifest-directory.ts';
export { ManifestError } from './manifest-error.ts';
export type { ManifestErrorCode } from './manifest-error.ts';
export { ManifestFiles } from './manifest-files.ts';
export type { ProblemChanges } from './manifest-files.ts';
export { parseManifests } from './parse-manifests.ts';
export type { ManifestProblem, ParsedManifests } from './parse-manifests.ts';
