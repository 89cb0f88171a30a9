import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqlitePersister } from '@koko/persister';
import { Store } from '@koko/store';

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

describe('A store on a snapshot file', () => {
  let folder: string;
  let snapshotFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'store-'));
    snapshotFile = join(folder, 'koko.sqlite');
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const open = async (): Promise<Store> => {
    const store = new Store({ persister: new SqlitePersister({ snapshotFile }) });
    await store.open();
    return store;
  };

  it('goes on after a restart: content, indexes, revision and change log', async () => {
    const before = await open();
    const numbers = Array.from({ length: 1200 }, (_, index) => index + 2); // more than one page of everything
    await before.upsert('upstreams', { id: id(1), name: 'up' });
    const targets = numbers.map((number) => {
      return { id: id(number), upstream: { id: id(1) }, target: `10.0.0.1:${number}` };
    });
    await before.write(targets.map((entity) => ({ op: 'upsert', type: 'targets', entity })));
    const snapshot = await before.snapshot();
    await before.close();

    const store = await open();
    expect(await store.snapshot()).toEqual(snapshot);
    expect(store.counts()).toEqual({ upstreams: 1, targets: 1200 });
    expect(await store.changesSince(1)).toMatchObject({ revision: 2, changes: { length: 1200 } });
    const taken = store.upsert('targets', { id: id(5000), upstream: { id: id(1) }, target: '10.0.0.1:2' });
    await expect(taken).rejects.toMatchObject({ offenders: [{ blockedBy: { type: 'targets', id: id(2) } }] });
    expect((await store.delete('upstreams', id(1))).changes).toHaveLength(1201);
    await store.close();
  });

  it('does not open on a damaged file, and leaves it for inspection', async () => {
    await (await open()).close();
    const damaged = (await readFile(snapshotFile)).subarray(0, 5000);
    await writeFile(snapshotFile, damaged);
    await expect(open()).rejects.toMatchObject({ code: 'ERR_PERSISTER_SNAPSHOT_CORRUPT' });
    expect(Buffer.compare(await readFile(snapshotFile), damaged)).toBe(0);
  });
});
