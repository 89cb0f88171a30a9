import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAllYaml } from '@kubernetes/client-node';
import type { WrittenObject } from '../src/cluster-objects.ts';

const FOLDER = fileURLToPath(new URL('../../../../shared/crds', import.meta.url));

/** The published CustomResourceDefinitions where they are at hand; else undefined, with the reason printed. */
export function publishedDefinitions(): readonly WrittenObject[] | undefined {
  if (!existsSync(FOLDER)) {
    process.stderr.write(`Not compared with the published CRDs: ${FOLDER} does not exist\n`);
    return undefined;
  }
  const documents: WrittenObject[] = globSync(`${FOLDER}/**/*.yaml`).flatMap((file) =>
    loadAllYaml(readFileSync(file, 'utf8')),
  );
  return documents.filter(({ kind }) => kind === 'CustomResourceDefinition');
}
