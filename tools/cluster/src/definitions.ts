import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { WrittenObject } from '@koko/api-server';
import { parseAllDocuments } from 'yaml';

/** Where the CustomResourceDefinitions of the kinds that IIC serves are. */
const FOLDER = resolve(import.meta.dirname, '../../../docker/crds');

/** The CustomResourceDefinitions that an installation of IIC brings. */
export function installedDefinitions(): readonly WrittenObject[] {
  if (!existsSync(FOLDER)) return [];
  return readObjects(FOLDER).filter(({ kind }) => kind === 'CustomResourceDefinition');
}

/** All objects in the YAML files of a folder, which are ours and sound. */
export function readObjects(folder: string): readonly WrittenObject[] {
  const files = globSync('*.yaml', { cwd: folder }).sort();
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8'))
      .map((document): unknown => document.toJS())
      .filter((value) => value !== null)
      .map((value) => value as WrittenObject),
  );
}

/** The definition of one kind. */
export function definitionOf(kind: string): WrittenObject {
  const found = installedDefinitions().find(({ spec }) => (spec as { names: { kind: string } }).names.kind === kind); // ours
  if (found === undefined) throw new TypeError(`Cannot find the definition of ${kind} in docker/crds`);
  return found;
}
