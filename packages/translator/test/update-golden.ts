// Writes testdata/*.out.yaml anew: npm run golden:update --workspace @koko/translator. Review the difference like code.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseCase, renderCase } from './golden-case.ts';

const folder = new URL('../testdata/', import.meta.url);
for (const file of readdirSync(folder).filter((name) => name.endsWith('.in.yaml'))) {
  const text = readFileSync(new URL(file, folder), 'utf8');
  writeFileSync(new URL(file.replace('.in.yaml', '.out.yaml'), folder), renderCase(parseCase(text)));
}
