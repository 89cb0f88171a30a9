import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/**
 * Packs every built package, installs the tarballs into an empty folder as a stranger would, and there type-checks and
 * runs the example of each README. `npm run build` first.
 */
const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
const RUN_TIMEOUT_MS = 60_000;
/** A registry that does not answer must not hold up the gate. */
const INSTALL_TIMEOUT_MS = 5 * 60_000;

const packages = await publishedPackages();
const folder = await mkdtemp(join(tmpdir(), 'koko-packages-'));
try {
  const tarballs = await packAll(packages, folder);
  await installAll(tarballs, folder);
  const examples = await writeExamples(packages, folder);
  await checkTypes(folder);
  for (const example of examples) await runExample(example, folder);
  await checkCommands(folder);
  process.stdout.write(
    `${packages.length} packages installed from tarballs, ${examples.length} README examples checked and run\n`,
  );
} catch (error) {
  const { message, stdout, stderr } = error as Error & { stdout?: string; stderr?: string }; // from execFile, or thrown here
  process.stderr.write(`${message}\n${stdout ?? ''}${stderr ?? ''}\n`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface PublishedPackage {
  readonly name: string;
  readonly folder: string;
}

async function publishedPackages(): Promise<readonly PublishedPackage[]> {
  const groups = await Promise.all(['packages', 'apps', 'tools'].map(async (group) => foldersIn(group)));
  const found = await Promise.all(groups.flat().map(readPackage));
  return found.filter((one) => one !== undefined);
}

async function foldersIn(group: string): Promise<readonly string[]> {
  return (await readdir(join(root, group))).map((name) => join(root, group, name));
}

async function readPackage(folderPath: string): Promise<PublishedPackage | undefined> {
  const file = join(folderPath, 'package.json');
  if (!existsSync(file)) return undefined;
  const { name, private: isPrivate } = JSON.parse(await readFile(file, 'utf8')) as { name: string; private?: boolean }; // ours
  if (isPrivate === true) return undefined;
  if (!existsSync(join(folderPath, 'dist/package.json')))
    throw new Error(`${name} is not built; run \`npm run build\` first`);
  return { name, folder: folderPath };
}

async function packAll(all: readonly PublishedPackage[], target: string): Promise<readonly string[]> {
  const packed = all.map(async (one) => {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', target], {
      cwd: join(one.folder, 'dist'),
    });
    const result = JSON.parse(stdout) as { filename: string }[] | Record<string, { filename: string }>; // npm's own output
    const [entry] = Array.isArray(result) ? result : Object.values(result);
    if (entry === undefined) throw new Error(`npm pack said nothing about ${one.name}`);
    return join(target, entry.filename);
  });
  return Promise.all(packed);
}

async function installAll(tarballs: readonly string[], target: string): Promise<void> {
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const types = ['typescript', '@types/node', '@types/ws', '@types/sql.js'].map(
    (name) => `${name}@${devDependencies[name]}`,
  );
  const node = ['linux-x64', 'linux-arm64']
    .map((platform) => `node-${platform}`)
    .find((name) => name === `node-linux-${process.arch}`);
  await writeFile(join(target, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }));
  const runtime = node === undefined ? [] : [`${node}@${process.versions.node}`];
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...tarballs, ...types, ...runtime], {
    cwd: target,
    timeout: INSTALL_TIMEOUT_MS,
  });
}

async function writeExamples(all: readonly PublishedPackage[], target: string): Promise<readonly string[]> {
  await mkdir(join(target, 'examples'));
  const written: string[] = [];
  for (const { name, folder: source } of all) {
    const readme = await readFile(join(source, 'README.md'), 'utf8');
    const blocks = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? '');
    if (blocks.length === 0) throw new Error(`The README of ${name} has no example in a \`\`\`ts block`);
    for (const [index, code] of blocks.entries()) {
      const file = join('examples', `${name.replaceAll(/[^a-z-]/g, '_')}-${index}.ts`);
      await writeFile(join(target, file), code);
      written.push(file);
    }
    const fixtures = join(source, 'examples');
    if (existsSync(fixtures)) await cp(fixtures, join(target, 'examples'), { recursive: true });
  }
  return written;
}

async function checkTypes(target: string): Promise<void> {
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    allowImportingTsExtensions: true,
    types: ['node'],
  };
  await writeFile(join(target, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['examples'] }));
  await run(process.execPath, [join(target, 'node_modules/typescript/bin/tsc'), '-p', target], { cwd: target });
}

async function runExample(file: string, target: string): Promise<void> {
  const { stdout } = await run(process.execPath, [file], { cwd: target, timeout: RUN_TIMEOUT_MS });
  process.stdout.write(`${file}: ${stdout.trim().split('\n').at(-1) ?? ''}\n`);
}

async function checkCommands(target: string): Promise<void> {
  const environment = { ...process.env, PATH: `${join(target, 'node_modules/.bin')}:${process.env['PATH']}` };
  for (const command of ['iic', 'data-plane']) {
    const { stdout } = await run(join(target, 'node_modules/.bin', command), ['--help'], {
      cwd: target,
      env: environment,
    });
    if (!stdout.includes('Usage:')) throw new Error(`${command} --help does not show its usage`);
  }
}
