import { globSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { isRecord } from './api-object.ts';
import type { WrittenObject } from './cluster-objects.ts';

/** Says which file, or folder, of CustomResourceDefinitions cannot be used, and why. */
export class DefinitionFileError extends Error {
  override readonly name = 'DefinitionFileError';
}

/** Reads the CustomResourceDefinitions in the YAML files of a folder and those below it; other objects are passed over. */
export function readDefinitions(folder: string): readonly WrittenObject[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new DefinitionFileError(`Cannot read CRDs from ${folder}: it is no folder`);
  const files = globSync('**/*.{yaml,yml,json}', { cwd: folder }).sort();
  return files.flatMap((file) => definitionsIn(join(folder, file)));
}

function definitionsIn(file: string): readonly WrittenObject[] {
  const documents = parseAllDocuments(readFileSync(file, 'utf8'));
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw new DefinitionFileError(`Cannot read CRDs from ${basename(file)}: ${error.message}`, { cause: error });
    const value: unknown = document.toJS();
    return isDefinition(value) ? [value] : [];
  });
}

function isDefinition(value: unknown): value is WrittenObject {
  return isRecord(value) && value['kind'] === 'CustomResourceDefinition' && isRecord(value['metadata']);
}
