import { randomUUID } from 'node:crypto';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PersisterError } from './persister-error.ts';

/**
 * The file in which a database outlives its process. Whatever happens, it holds the old content or the new one. Two
 * processes on one file do not mix their content: who would overwrite what the other has written is refused.
 */
export class SnapshotFile {
  readonly #file: string;
  /** What tells the file as it was read or written last; `undefined`: there was none. */
  #known: string | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** The content, `undefined` when there is none yet. Removes what a crash while writing may have left. */
  async read(): Promise<Uint8Array | undefined> {
    try {
      await removeLeftovers(this.#file);
      this.#known = await identify(this.#file); // first: what is written meanwhile shows as a difference
      return this.#known === undefined ? undefined : await readFile(this.#file);
    } catch (error) {
      throw failure('ERR_PERSISTER_SNAPSHOT_UNREADABLE', 'read', this.#file, error);
    }
  }

  /** Replaces the content in one step. */
  async write(content: Uint8Array): Promise<void> {
    const temporary = `${this.#file}.${randomUUID()}.tmp`;
    try {
      await writeDurably(temporary, content);
      await this.#assertKnown();
      await rename(temporary, this.#file);
      this.#known = await identify(this.#file);
      await syncFolder(dirname(this.#file));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {}); // the first error says more
      if (error instanceof PersisterError) throw error;
      throw failure('ERR_PERSISTER_SNAPSHOT_UNWRITABLE', 'write', this.#file, error);
    }
  }

  async #assertKnown(): Promise<void> {
    const now = await identify(this.#file);
    if (now === undefined || now === this.#known) return;
    throw new PersisterError(
      'ERR_PERSISTER_SNAPSHOT_CHANGED',
      `Cannot write the snapshot file ${JSON.stringify(this.#file)}: another process has changed it; give each its own`,
    );
  }
}

/** Every write makes a new file, so that its number alone would nearly do. */
async function identify(file: string): Promise<string | undefined> {
  try {
    const { ino, mtimeNs, size } = await stat(file, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function removeLeftovers(file: string): Promise<void> {
  const names = await readdir(dirname(file)).catch(() => []); // what is wrong shows in the reading that follows
  const leftovers = names.filter(
    (name) => name.startsWith(basename(file)) && isTemporary(name.slice(basename(file).length)),
  );
  await Promise.all(leftovers.map(async (name) => rm(join(dirname(file), name), { force: true })));
}

const isTemporary = (ending: string): boolean => /^(\.[0-9a-f-]{36})?\.tmp$/.test(ending);

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

function failure(
  code: 'ERR_PERSISTER_SNAPSHOT_UNREADABLE' | 'ERR_PERSISTER_SNAPSHOT_UNWRITABLE',
  action: 'read' | 'write',
  file: string,
  cause: unknown,
): PersisterError {
  const message = `Cannot ${action} the snapshot file ${JSON.stringify(file)}: ${messageOf(cause)}`;
  return new PersisterError(code, message, { cause });
}
