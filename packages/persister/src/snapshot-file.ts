import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PersisterError } from './persister-error.ts';

const temporaryName = (file: string): string => `${file}.tmp`;

/** Reads a snapshot, `undefined` when there is none yet, and removes what a crash while writing may have left. */
export async function readSnapshot(file: string): Promise<Uint8Array | undefined> {
  try {
    await rm(temporaryName(file), { force: true });
    return await readFile(file);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new PersisterError(
      'ERR_PERSISTER_SNAPSHOT_UNREADABLE',
      `Cannot read the snapshot file ${JSON.stringify(file)}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Replaces the snapshot in one step: whatever happens, `file` holds the old content or the new one. */
export async function writeSnapshot(file: string, content: Uint8Array): Promise<void> {
  const temporary = temporaryName(file);
  try {
    await writeDurably(temporary, content);
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error says more
    throw new PersisterError(
      'ERR_PERSISTER_SNAPSHOT_UNWRITABLE',
      `Cannot write the snapshot file ${JSON.stringify(file)}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function writeDurably(file: string, content: Uint8Array): Promise<void> {
  const handle = await open(file, 'w', 0o600); // entities hold keys and credentials
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Without it, a power cut may undo the rename. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// Asked by their members: an error of another realm, such as a worker's or a test runner's, is no `instanceof Error`.
const isCode = (error: unknown, code: string): boolean => (error as { code?: unknown }).code === code;
const messageOf = (error: unknown): string => String((error as { message?: unknown }).message ?? error);
