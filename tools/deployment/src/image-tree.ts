import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listOf, parseDockerfile, textOf } from './dockerfile.ts';
import type { Instruction, Stage } from './dockerfile.ts';
import { parseIgnoreFile } from './ignore-file.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What an image would hold, in a folder, and how a container of it would be started. */
export interface ImageTree {
  /** Stands for `/`. */
  readonly folder: string;
  /** User and group. */
  readonly uid: number;
  readonly gid: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Program and its arguments, without those of CMD; the program and files within are in `folder`. */
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/**
 * Does what the Dockerfile says, in folders under `workFolder` in place of the stages' file systems. Two things are not
 * done again: the packages that `npm ci` would install are those of this checkout, and Node.js is the one that runs.
 */
export function assembleImage(workFolder: string): ImageTree {
  const [build, runtime] = parseDockerfile(readFileSync(join(root, 'docker/Dockerfile'), 'utf8'));
  if (build === undefined || runtime === undefined) throw new Error('The Dockerfile should have two stages');
  const buildFolder = mkdtempSync(join(workFolder, 'build-'));
  const folder = mkdtempSync(join(workFolder, 'image-'));
  runBuildStage(build, buildFolder);
  for (const copy of runtime.instructions.filter(({ name }) => name === 'COPY'))
    copyFromBuild(copy, buildFolder, folder);
  makeReadOnly(folder);
  const [uid, gid] = textOf(runtime, 'USER').split(':').map(Number);
  return {
    folder,
    uid: uid ?? 0,
    gid: gid ?? 0,
    environment: environmentOf(runtime),
    entrypoint: listOf(runtime, 'ENTRYPOINT').map((word) => (word.startsWith('/') ? join(folder, word) : word)),
    command: listOf(runtime, 'CMD'),
  };
}

function runBuildStage(stage: Stage, folder: string): void {
  const workingFolder = join(folder, textOf(stage, 'WORKDIR'));
  mkdirSync(workingFolder, { recursive: true });
  for (const { name, text } of stage.instructions) {
    if (name === 'COPY' && text === '. .') copyContext(workingFolder);
    else if (name === 'RUN' && text.startsWith('npm ci')) linkInstalledPackages(workingFolder);
    else if (name === 'RUN') runShell(text, workingFolder);
    else if (name !== 'WORKDIR') throw new Error(`The build stage has an instruction that is not imitated: ${name}`);
  }
}

function copyContext(target: string): void {
  const isIgnored = parseIgnoreFile(readFileSync(join(root, 'docker/Dockerfile.dockerignore'), 'utf8'));
  const isWanted = (path: string): boolean => path === '' || !isIgnored(path);
  // Folder by folder, as the work tree may be large and most of it is left out.
  cpSync(root, target, { recursive: true, filter: (source) => isWanted(relative(root, source)) });
}

/** Links to what is installed, but to the packages of the workspace as they were copied. */
function linkInstalledPackages(workingFolder: string): void {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { workspaces: string[] };
  linkEach(join(root, 'node_modules'), join(workingFolder, 'node_modules'), ['@koko', 'iic']);
  const groups = workspaces.flatMap((entry) =>
    entry.endsWith('/*')
      ? readdirSync(join(workingFolder, dirname(entry))).map((name) => join(dirname(entry), name))
      : [entry],
  );
  for (const workspace of groups) {
    const { name } = JSON.parse(readFileSync(join(workingFolder, workspace, 'package.json'), 'utf8')) as {
      name: string;
    };
    const link = join(workingFolder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(workingFolder, workspace), link);
    linkEach(join(root, workspace, 'node_modules'), join(workingFolder, workspace, 'node_modules'), []);
  }
}

function linkEach(from: string, to: string, except: readonly string[]): void {
  if (!existsSync(from)) return;
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) if (!except.includes(name)) symlinkSync(join(from, name), join(to, name));
}

function runShell(command: string, cwd: string): void {
  const path = [dirname(process.execPath), process.env['PATH'] ?? ''].join(':');
  execFileSync('sh', ['-c', command], { cwd, env: { PATH: path, HOME: cwd }, stdio: ['ignore', 'ignore', 'inherit'] });
}

function copyFromBuild({ text }: Instruction, buildFolder: string, folder: string): void {
  const [option, from = '', to = ''] = text.split(/\s+/);
  if (option !== '--from=build') throw new Error(`The image copies from elsewhere than the build: ${text}`);
  const source = from === '/usr/local/bin/node' ? process.execPath : join(buildFolder, from);
  cpSync(resolve(source), join(folder, to), { recursive: true, dereference: true });
}

function environmentOf(stage: Stage): Readonly<Record<string, string>> {
  const pairs = stage.instructions.filter(({ name }) => name === 'ENV').map(({ text }) => text.split('='));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
}

/** Nobody may write, everybody may read: as files of root on a read-only file system are to another user. */
function makeReadOnly(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const isProgram = entry.isDirectory() || entry.parentPath.endsWith('/bin');
    chmodSync(join(entry.parentPath, entry.name), isProgram ? 0o555 : 0o444);
  }
  chmodSync(folder, 0o555);
}
