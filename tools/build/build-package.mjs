// Builds the package in the current folder into `dist`, ready for `npm publish ./dist`:
// code by tsup, declarations by tsc, and a package.json whose exports name the built files only.
import '../jest/require-node.mjs';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const hasMain = existsSync('src/main.ts');

rmSync('dist', { recursive: true, force: true });
await build({
  config: false,
  entry: ['src/index.ts', ...(hasMain ? ['src/main.ts'] : [])],
  format: ['esm'],
  target: 'node24',
  platform: 'node',
  splitting: true,
  sourcemap: true,
  dts: false,
  clean: false,
  silent: true,
});
emitDeclarations();
writePublishedManifest();
copyFileSync('README.md', 'dist/README.md');
copyFileSync(join(root, 'LICENSE'), 'dist/LICENSE');
if (existsSync('bin')) cpSync('bin', 'dist/bin', { recursive: true });

function emitDeclarations() {
  const folder = mkdtempSync('.tsc-');
  try {
    const config = {
      extends: '../tsconfig.json',
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: '../src',
        outDir: '../dist',
        customConditions: [],
      },
      include: ['../src'],
      exclude: ['../src/**/*.test.ts', '../src/**/*.contract.ts'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', folder], { stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writePublishedManifest() {
  const { scripts: _scripts, files: _files, private: _private, nx: _nx, ...published } = manifest;
  published.exports = {
    '.': { types: './index.d.ts', default: './index.js' },
    './package.json': './package.json',
  };
  writeFileSync('dist/package.json', `${JSON.stringify(published, null, 2)}\n`);
}
