import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
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

  it('follows a mounted ConfigMap, which is swapped by a link, and reads each file once', async () => {
    const swap = async (version: number): Promise<void> => {
      await mkdir(join(directory, `..v${version}`));
      await writeFile(join(directory, `..v${version}/a.yaml`), manifest('a', version));
      await symlink(`..v${version}`, join(directory, '..data_tmp'));
      await rename(join(directory, '..data_tmp'), join(directory, '..data'));
    };
    await swap(1);
    await symlink('..data/a.yaml', join(directory, 'a.yaml'));
    const { source, next } = await start();
    expect(await next()).toEqual(['a']);
    expect(source.problems()).toEqual([]);
    await swap(2);
    await rm(join(directory, '..v1'), { recursive: true });
    expect(await next()).toEqual(['a']);
    expect(source.find(reference('a'))?.['spec']).toEqual({ ports: [{ port: 2 }] });
  });

  it('never misses an object that moves to another file', async () => {
    await writeFile(
      join(directory, 'a.yaml'),
      `${manifest('a', 80)}---\n${manifest('b', 80)}---\n${manifest('x', 80)}`,
    );
    await writeFile(join(directory, 'b.yaml'), manifest('c', 80));
    const { next } = await start();
    await next();
    await writeFile(join(directory, 'a.yaml'), `${manifest('a', 80)}---\n${manifest('b', 81)}`);
    await writeFile(join(directory, 'b.yaml'), `${manifest('c', 80)}---\n${manifest('x', 80)}`);
    expect(await next()).toEqual(['b']);
    await writeFile(join(directory, 'c.yaml'), manifest('d', 80));
    expect(await next()).toEqual(['d']);
  });

  it('waits for a file that is emptied and filled again', async () => {
    await writeFile(join(directory, 'a.yaml'), manifest('a', 80));
    const { source, next } = await start();
    await next();
    await truncate(join(directory, 'a.yaml'));
    await writeFile(join(directory, 'b.yaml'), manifest('b', 80));
    expect(await next()).toEqual(['b']); // which is not held up
    await writeFile(join(directory, 'a.yaml'), manifest('a', 81));
    expect(await next()).toEqual(['a']);
    expect(source.find(reference('a'))?.['spec']).toEqual({ ports: [{ port: 81 }] });
  });

  it('takes in a thousand files that change at once', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `s${index}`);
    const save = async (port: number): Promise<unknown> =>
      Promise.all(names.map(async (name) => writeFile(join(directory, `${name}.yaml`), manifest(name, port))));
    await save(80);
    const { source, next } = await start();
    expect(await next()).toHaveLength(names.length);
    await save(81);
    const isNew = (name: string): boolean => JSON.stringify(source.find(reference(name))).includes('81');
    await until(() => names.every(isNew));
  });

  it('reports what is no text or no file, and goes on with the rest', async () => {
    await writeFile(join(directory, 'a.yaml'), manifest('a', 80));
    await writeFile(join(directory, 'binary.yaml'), Buffer.from('kind: a\nname: \xff\n', 'latin1'));
    await promisify(execFile)('mkfifo', [join(directory, 'pipe.yaml')]);
    await mkdir(join(directory, 'folder.yaml'));
    await symlink('.', join(directory, 'loop'));
    const { source, next } = await start();
    expect(await next()).toEqual(['a']);
    expect(source.problems().map(({ code, message }) => `${code} ${message}`)).toEqual([
      'ERR_MANIFESTS_FILE binary.yaml:2: is not UTF-8 text; save it in that encoding',
      'ERR_MANIFESTS_FILE pipe.yaml:1: cannot be read: it is no regular file',
    ]);
  });

  it('has a first batch even when there is nothing', async () => {
    const { next } = await start();
    expect(await next()).toEqual([]);
  });

  it('tells which problems came and went', async () => {
    const told: string[] = [];
    const source = new ManifestDirectory({
      directory,
      onProblems({ added, removed }) {
        told.push(...added.map(({ message }) => `+ ${message}`), ...removed.map(({ message }) => `- ${message}`));
      },
    });
    await writeFile(join(directory, 'a.yaml'), manifest('a', 80));
    await writeFile(join(directory, 'b.yaml'), `# b\n${manifest('a', 81)}`);
    running = source.run(stop.signal, () => {});
    await source.synced(stop.signal);
    const duplicate = 'b.yaml:2: Service shop/a is also in a.yaml; the one there takes effect, remove the other';
    expect(told).toEqual([`+ ${duplicate}`]);
    await writeFile(join(directory, 'b.yaml'), manifest('b', 81));
    await until(() => told.length > 1);
    expect(told.slice(1)).toEqual([`- ${duplicate}`]);
  });
});
