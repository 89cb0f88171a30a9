import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, rename, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import initSqlJs from 'sql.js';
import { describePersister } from './persister.contract.ts';
import type { Persister } from './persister.ts';
import { SqlitePersister } from './sqlite-persister.ts';
import type { SqlitePersisterOptions } from './sqlite-persister.ts';

describePersister('SqlitePersister', () => new SqlitePersister());

const contractFolder = await mkdtemp(join(tmpdir(), 'persister-'));
afterAll(async () => await rm(contractFolder, { recursive: true }));
describePersister(
  'SqlitePersister with a snapshot file',
  () => new SqlitePersister({ snapshotFile: join(contractFolder, `${randomUUID()}.sqlite`) }),
);

const put = async (persister: Persister, key: string, size = 3): Promise<void> =>
  await persister.write(async (tx) => await tx.put(key, new Uint8Array(size).fill(7)));
const keysOf = async (persister: Persister): Promise<string[]> =>
  await persister.read(async (tx) => (await tx.list('')).entries.map(({ key }) => key));

async function withOpen<T>(
  options: SqlitePersisterOptions,
  use: (persister: SqlitePersister) => Promise<T>,
): Promise<T> {
  const persister = new SqlitePersister(options);
  await persister.open();
  try {
    return await use(persister);
  } finally {
    await persister.close();
  }
}

describe('SqlitePersister', () => {
  let folder: string;
  let snapshotFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'persister-'));
    snapshotFile = join(folder, 'koko.sqlite');
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  describe('with a snapshot file', () => {
    it('finds after a restart what was there at the close', async () => {
      await withOpen({ snapshotFile }, async (persister) => await put(persister, 'a'));
      await withOpen({ snapshotFile }, async (persister) => {
        expect(await keysOf(persister)).toEqual(['a']);
        await put(persister, 'b');
      });
      expect(await withOpen({ snapshotFile }, keysOf)).toEqual(['a', 'b']);
      expect(await readdir(folder)).toEqual(['koko.sqlite']);
      expect((await stat(snapshotFile)).mode & 0o777).toBe(0o600);
    });

    it('saves on demand and goes on working', async () => {
      await withOpen({ snapshotFile }, async (persister) => {
        await put(persister, 'a');
        await Promise.all([persister.save(), put(persister, 'b'), persister.save()]);
        expect(await withOpen({ snapshotFile }, keysOf)).toContain('a');
        expect(await keysOf(persister)).toEqual(['a', 'b']);
      });
    });

    it('does not touch the file when there is nothing new', async () => {
      await withOpen({ snapshotFile }, async (persister) => await put(persister, 'a'));
      const { mtimeMs, ino } = await stat(snapshotFile);
      await withOpen({ snapshotFile }, keysOf);
      expect(await stat(snapshotFile)).toMatchObject({ mtimeMs, ino });
    });

    it('keeps the last complete snapshot when a crash left a half-written one', async () => {
      await withOpen({ snapshotFile }, async (persister) => await put(persister, 'a'));
      await writeFile(
        `${snapshotFile}.0a1b2c3d-0000-4000-8000-000000000000.tmp`,
        (await readFile(snapshotFile)).subarray(0, 1000),
      );
      expect(await withOpen({ snapshotFile }, keysOf)).toEqual(['a']);
      expect(await readdir(folder)).toEqual(['koko.sqlite']);
    });

    it('leaves the old snapshot as it was when the new one cannot be written, and saves at the next chance', async () => {
      await withOpen({ snapshotFile }, async (persister) => {
        await put(persister, 'a');
        await persister.save();
        await put(persister, 'b');
        await rename(folder, `${folder}-gone`); // stands in for a full or read-only disk
        await expect(persister.save()).rejects.toMatchObject({ code: 'ERR_PERSISTER_SNAPSHOT_UNWRITABLE' });
        await rename(`${folder}-gone`, folder);
        expect(await withOpenCopy(snapshotFile)).toEqual(['a']);
      });
      expect(await withOpen({ snapshotFile }, keysOf)).toEqual(['a', 'b']);
    });

    it('does not overwrite what another process has written', async () => {
      const [first, second] = [new SqlitePersister({ snapshotFile }), new SqlitePersister({ snapshotFile })];
      await Promise.all([first.open(), second.open()]);
      await put(first, 'a');
      await put(second, 'b');
      await first.save();
      await expect(second.save()).rejects.toMatchObject({ code: 'ERR_PERSISTER_SNAPSHOT_CHANGED' });
      await put(first, 'c');
      await first.close();
      await expect(second.close()).rejects.toMatchObject({ code: 'ERR_PERSISTER_SNAPSHOT_CHANGED' });
      expect(await withOpen({ snapshotFile }, keysOf)).toEqual(['a', 'c']);
      expect(await readdir(folder)).toEqual(['koko.sqlite']);
    });

    it('says so when the file is damaged, and leaves it alone', async () => {
      await withOpen({ snapshotFile }, async (persister) => {
        for (let index = 0; index < 50; index++) await put(persister, `key ${index}`, 2000);
      });
      const good = await readFile(snapshotFile);
      const damaged = [
        Buffer.alloc(0),
        Buffer.from('this is not a database, but it is long enough to look at'.repeat(100)),
        good.subarray(0, good.length / 2),
        Buffer.concat([good.subarray(0, 4096), Buffer.alloc(8192, 0xff), good.subarray(12_288)]),
      ];
      for (const content of damaged) {
        await writeFile(snapshotFile, content);
        const persister = new SqlitePersister({ snapshotFile });
        await expect(persister.open()).rejects.toMatchObject({ code: 'ERR_PERSISTER_SNAPSHOT_CORRUPT' });
        expect(Buffer.compare(await readFile(snapshotFile), content)).toBe(0);
        await writeFile(snapshotFile, good);
        await persister.open(); // a refused open leaves nothing behind
        await persister.close();
      }
    });

    it('refuses the database of another program', async () => {
      const sqlite = await initSqlJs();
      const other = new sqlite.Database();
      other.run('CREATE TABLE bookmarks (url TEXT)');
      await writeFile(snapshotFile, other.export());
      other.close();
      const persister = new SqlitePersister({ snapshotFile });
      await expect(persister.open()).rejects.toMatchObject({ code: 'ERR_PERSISTER_SNAPSHOT_FOREIGN' });
    });

    it('names the file that it cannot read', async () => {
      await mkdir(snapshotFile);
      const persister = new SqlitePersister({ snapshotFile });
      await expect(persister.open()).rejects.toMatchObject({
        code: 'ERR_PERSISTER_SNAPSHOT_UNREADABLE',
        message: expect.stringContaining('koko.sqlite'),
      });
    });
  });

  it('takes the WebAssembly that it is given', async () => {
    const wasmBinary = await readFile(createRequire(import.meta.url).resolve('sql.js/dist/sql-wasm.wasm'));
    await withOpen({ wasmBinary }, async (persister) => {
      await put(persister, 'a');
      expect(await keysOf(persister)).toEqual(['a']);
    });
  });

  it('refuses to grow beyond its limit and works on after that', async () => {
    await withOpen({ sizeLimitBytes: 100_000 }, async (persister) => {
      await put(persister, 'small');
      const growing = persister.write(async (tx) => {
        for (let index = 0; index < 100; index++) await tx.put(`large ${index}`, new Uint8Array(5000)).catch(() => {});
      });
      await expect(growing).rejects.toMatchObject({ code: 'ERR_PERSISTER_FULL' });
      expect(persister.sizeBytes).toBeLessThanOrEqual(100_000);
      await put(persister, 'another');
      expect(await keysOf(persister)).toEqual(['another', 'small']);
    });
  });

  it('alerts once when it grows beyond the alert size', async () => {
    const alerts: number[] = [];
    const onSizeAlert = (sizeBytes: number): unknown => alerts.push(sizeBytes);
    await withOpen({ sizeAlertBytes: 50_000, onSizeAlert }, async (persister) => {
      await put(persister, 'small');
      expect(alerts).toEqual([]);
      for (let index = 0; index < 30; index++) await put(persister, `large ${index}`, 4000);
      expect(alerts).toHaveLength(1);
      expect(alerts[0]).toBeGreaterThan(50_000);
    });
  });

  it('adds no listeners to the process', async () => {
    const before = process.eventNames().length;
    await withOpen({}, async (persister) => await put(persister, 'a'));
    expect(process.eventNames().length).toBe(before);
  });
});

/** Reads a snapshot without the clean-up that opening it would do beside it. */
async function withOpenCopy(file: string): Promise<string[]> {
  const copy = `${file}.copy`;
  await writeFile(copy, await readFile(file));
  await chmod(copy, 0o600);
  const keys = await withOpen({ snapshotFile: copy }, keysOf);
  await rm(copy);
  return keys;
}
