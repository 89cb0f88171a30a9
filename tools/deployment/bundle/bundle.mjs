// Bundles iic into `dist/image`: what the container image holds besides Node.js. One file per part that is loaded when
// it is needed, the WebAssembly of SQLite, and the licences of everything in it.
import '../../jest/require-node.mjs';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const target = fileURLToPath(new URL('../dist/image', import.meta.url));
const METAFILE = 'metafile-esm.json';

/** What code that was CommonJS expects to find, and ES modules lack. */
const banner = [
  `import { createRequire as createRequireOfBundle } from 'node:module';`,
  `const require = createRequireOfBundle(import.meta.url);`,
  `const __filename = import.meta.filename;`,
  `const __dirname = import.meta.dirname;`,
].join('\n');

/**
 * Of client-node only the reading of kubeconfigs and their credentials is used. What it makes API clients and `fetch` of
 * is left out, as `kube-config.ts` of @koko/kubernetes does where sources run as they are.
 */
const onlyKubeConfig = {
  name: 'only-kube-config',
  setup({ onLoad, onResolve }) {
    const namespace = 'left-out';
    const standsIn = {
      './gen/index.js': 'export class ServerConfiguration {} export function createConfiguration() {}',
      undici: 'export class Agent {} export class ProxyAgent {}',
    };
    onResolve({ filter: /^(undici|\.\/gen\/index\.js)$/ }, ({ path, importer }) =>
      /@kubernetes\/client-node\/dist\/\w+\.js$/.test(importer) ? { path, namespace } : undefined,
    );
    onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: standsIn[path], loader: 'js' }));
  },
};

rmSync(target, { recursive: true, force: true });
await build({
  config: false,
  entry: { iic: join(root, 'apps/iic/src/main.ts') },
  outDir: target,
  outExtension: () => ({ js: '.mjs' }),
  format: ['esm'],
  target: 'node24',
  platform: 'node',
  splitting: true, // commands and client-node are loaded when they are needed
  minify: false, // a stack trace should name lines, and an error not print a line of a megabyte
  sourcemap: false,
  dts: false,
  metafile: true,
  silent: true,
  noExternal: [/.*/],
  banner: { js: banner },
  esbuildPlugins: [onlyKubeConfig],
  esbuildOptions: (options) => {
    options.conditions = ['@koko/source', 'module', 'import', 'node'];
  },
});
const requireOfPersister = createRequire(join(root, 'packages/persister/package.json'));
copyFileSync(requireOfPersister.resolve('sql.js/dist/sql-wasm.wasm'), join(target, 'sql-wasm.wasm'));
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
writeFileSync(join(target, 'THIRD-PARTY-LICENSES.txt'), licencesOf(bundledPackages()));

/** Folders of the packages of which anything is in the bundle. */
function bundledPackages() {
  const { inputs } = JSON.parse(readFileSync(join(target, METAFILE), 'utf8'));
  rmSync(join(target, METAFILE));
  const folders = Object.keys(inputs).flatMap((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].map((folder) => resolve(folder)).sort((a, b) => a.localeCompare(b));
}

function licencesOf(folders) {
  const sections = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    const text = files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n');
    return `${name} ${version} (${license ?? 'see below'})\n\n${text || `No text comes with it; see ${relative(root, folder)}`}`;
  });
  return `${sections.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
