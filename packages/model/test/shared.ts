import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file or folder of the recordings beside the repository, or undefined where there are none. */
export function sharedPath(path: string): string | undefined {
  const found = fileURLToPath(new URL(`../../../../shared/${path}`, import.meta.url));
  return existsSync(found) ? found : undefined;
}

/** The values of a file of JSON lines. */
export function readLines(file: string): readonly unknown[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
}

/** Errors as Kong nests them: fields, list positions, and `@entity` for the whole. */
export type NestedErrors = string | null | readonly NestedErrors[] | { readonly [field: string]: NestedErrors };

/** The dotted paths at which nested errors stand; `@` for the whole. */
export function errorPaths(
  errors: NestedErrors | undefined,
  path: readonly (string | number)[] = [],
): readonly string[] {
  if (errors === null || errors === undefined) return [];
  if (typeof errors === 'string') return [dotted(path)];
  const entries: readonly (readonly [string, NestedErrors])[] = Object.entries(errors);
  const paths = entries.flatMap(([name, inner]) =>
    name === '@entity' ? [dotted(path)] : errorPaths(inner, [...path, name]),
  );
  return [...new Set(paths)].toSorted();
}

/** A path as one text; `@` for the whole. */
export function dotted(path: readonly (string | number)[]): string {
  return path.length === 0 ? '@' : path.join('.');
}
