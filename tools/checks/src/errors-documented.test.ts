import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../../..');

/** Codes that Node.js itself gives to its errors; ours are all others. */
const foreignCodes =
  /^ERR_(STREAM|SOCKET|TLS|SSL|OSSL|INVALID_ARG|HTTP|MODULE|UNHANDLED|UNESCAPED|INVALID_URL|CRYPTO)_?/;

function sourceFiles(group: string): readonly string[] {
  const entries = readdirSync(join(root, group), { recursive: true, withFileTypes: true });
  const files = entries.filter(
    (entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'),
  );
  return files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => /\/src\//.test(path) && !/node_modules|\/dist\//.test(path));
}

function codesInSources(): readonly string[] {
  const files = ['packages', 'apps', 'tools/data-plane'].flatMap(sourceFiles);
  const codes = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/'(ERR_[A-Z0-9_]+)'/g)].map(([, code]) => code ?? ''),
  );
  return [...new Set(codes)].filter((code) => !foreignCodes.test(code)).sort();
}

function documentedCodes(): readonly string[] {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  return [...text.matchAll(/^\| `(ERR_[A-Z0-9_]+)` \|/gm)].map(([, code]) => code ?? '').sort();
}

describe('docs/errors.md', () => {
  it('lists every code of the sources, and no other', () => {
    expect(documentedCodes()).toEqual(codesInSources());
  });

  it('gives every code a meaning and a remedy', () => {
    const rows = readFileSync(join(root, 'docs/errors.md'), 'utf8').split('\n');
    const bare = rows.filter(
      (row) => row.startsWith('| `ERR_') && row.split('|').filter((cell) => cell.trim() !== '').length < 3,
    );
    expect(bare).toEqual([]);
  });
});
