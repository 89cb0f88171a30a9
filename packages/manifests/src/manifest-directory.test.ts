import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@koko/lifecycle';
import type { ObjectReference } from '@koko/translator';
import { ManifestDirectory } from './manifest-directory.ts';

let directory: string;
let stop: AbortController;
let running: Promise<void> | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'manifests-'));
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await running;
  await rm(directory, { recursive: true, force: true });
});

const manifest = (name: string, port: number): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: shop }\nspec: { ports: [{ port: ${port} }] }\n`;
const reference = (name: string): ObjectReference => ({ kind: 'Service', namespace: 'shop', name });

async function start(): Promise<{ source: ManifestDirectory; next: () => Promise<readonly string[]> }> {
  const source = new ManifestDirectory({ directory });
  running = source.run(stop.signal, () => {});
  await source.synced(stop.signal);
  const changes = source.changes(stop.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<readonly string[]> => {
    const { value } = (await changes.next()) as { value: readonly ObjectReference[] }; // it ends only with the test
    return value.map(({ name }) => name).sort();
  };
  return { source, next };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('ManifestDirectory', () => {
  it('finds manifests in folders and follows additions, edits, renames and removals', async () => {
    await mkdir(join(directory, 'deep/er'), { recursive: true });
    await writeFile(join(directory, 'deep/er/a.yaml'), manifest('a', 80));
    await writeFile(join(directory, 'notes.txt'), 'not a manifest');
    const { source, next } = await start();
    expect(await next()).toEqual(['a']);
    await writeFile(join(directory, 'b.yml'), manifest('b', 80));
    expect(await next()).toEqual(['b']);
    await writeFile(join(directory, 'b.yml'), manifest('b', 81));
    expect(await next()).toEqual(['b']);
    expect(source.find(reference('b'))?.['spec']).toEqual({ ports: [{ port: 81 }] });
    await rm(join(directory, 'deep/er/a.yaml'));
    expect(await next()).toEqual(['a']);
    expect(source.find(reference('a'))).toBeUndefined();
    await rename(join(directory, 'b.yml'), join(directory, 'c.txt'));
    expect(await next()).toEqual(['b']);
  });

  it('keeps the last good content of a file that does not parse, and says where it is wrong', async () => {
    await writeFile(join(directory, 'a.yaml'), manifest('a', 80));
    const { source, next } = await start();
    await next();
    await writeFile(join(directory, 'a.yaml'), `${manifest('a', 81)}x: [\ny: 1\n`);
    await until(() => source.problems().length > 0);
    expect(source.problems()[0]).toMatchObject({ code: 'ERR_MANIFESTS_YAML', file: 'a.yaml', line: 6 });
    expect(source.find(reference('a'))?.['spec']).toEqual({ ports: [{ port: 80 }] });
    await writeFile(join(directory, 'a.yaml'), manifest('a', 82));
    expect(await next()).toEqual(['a']);
    expect(source.problems()).toEqual([]);
  });

  it('takes an object from the first of two files and hands it over when that goes', async () => {
    await writeFile(join(directory, '1.yaml'), manifest('a', 80));
    await writeFile(join(directory, '2.yaml'), manifest('a', 90));
    const { source, next } = await start();
    await next();
    expect(source.find(reference('a'))?.['spec']).toEqual({ ports: [{ port: 80 }] });
    expect(source.problems().map(({ file, code }) => [file, code])).toEqual([['2.yaml', 'ERR_MANIFESTS_DUPLICATE']]);
    await rm(join(directory, '1.yaml'));
    await next();
    expect(source.find(reference('a'))?.['spec']).toEqual({ ports: [{ port: 90 }] });
    expect(source.problems()).toEqual([]);
  });

  it('refuses to start on a directory that does not exist', async () => {
    const source = new ManifestDirectory({ directory: join(directory, 'none') });
    await expect(source.run(stop.signal, () => {})).rejects.toMatchObject({ code: 'ERR_MANIFESTS_DIRECTORY_MISSING' });
  });

  it('keeps everything while the whole directory is gone, and goes on when it is back', async () => {
    await mkdir(join(directory, 'mounted'));
    await writeFile(join(directory, 'mounted/a.yaml'), manifest('a', 80));
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_fields: object, message: string) => void warnings.push(message) };
    const source = new ManifestDirectory({ directory: join(directory, 'mounted'), logger });
    running = source.run(stop.signal, () => {});
    await source.synced(stop.signal);
    const changes = source.changes(stop.signal)[Symbol.asyncIterator]();
    await changes.next();
    await rm(join(directory, 'mounted'), { recursive: true });
    await until(() => warnings.length > 0);
    expect(source.find(reference('a'))).toBeDefined();
    await mkdir(join(directory, 'mounted'));
    await writeFile(join(directory, 'mounted/b.yaml'), manifest('b', 80));
    await until(() => source.find(reference('b')) !== undefined && source.find(reference('a')) === undefined);
  });
});
