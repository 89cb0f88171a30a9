import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { StartupError } from '../startup-error.ts';

/** One file of an input, or standard input. */
export interface InputFile {
  readonly name: string;
  readonly text: string;
}

/** Reads `-` (standard input) or a file. @throws {StartupError} `ERR_IIC_FILE` */
export async function readInput(path: string, stdin: NodeJS.ReadableStream): Promise<InputFile> {
  if (path === '-') return { name: 'standard input', text: await text(stdin) };
  return { name: path, text: await readFile(path, 'utf8').catch((cause: unknown) => refuse(path, cause)) };
}

/** Like `readInput`, but a directory stands for all manifests in and below it, ordered by path. */
export async function readInputs(path: string, stdin: NodeJS.ReadableStream): Promise<readonly InputFile[]> {
  if (path === '-') return [await readInput(path, stdin)];
  const found = await stat(path).catch((cause: unknown) => refuse(path, cause));
  if (!found.isDirectory()) return [await readInput(path, stdin)];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name));
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Promise.all(paths.map(async (file) => readInput(file, stdin)));
}

function refuse(path: string, cause: unknown): never {
  const { code } = cause as NodeJS.ErrnoException; // from fs
  const reasons: Record<string, string> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
  };
  throw new StartupError('ERR_IIC_FILE', `Cannot read "${path}": ${reasons[code ?? ''] ?? code}`, { cause });
}
