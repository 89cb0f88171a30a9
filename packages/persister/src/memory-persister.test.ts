import { describe, expect, it } from '@jest/globals';
import { MemoryPersister } from './memory-persister.ts';
import { describePersister } from './persister.contract.ts';

describePersister('MemoryPersister', () => new MemoryPersister());

describe('MemoryPersister', () => {
  it('keeps its content over close and open', async () => {
    const persister = new MemoryPersister();
    await persister.open();
    await persister.write(async (tx) => await tx.put('k', new Uint8Array([1])));
    await persister.close();
    await persister.open();
    expect(await persister.read(async (tx) => await tx.get('k'))).toEqual(new Uint8Array([1]));
    await persister.close();
  });

  it('refuses to grow beyond its limit, even when the writer ignores the refusal', async () => {
    const persister = new MemoryPersister({ sizeLimitBytes: 100 });
    await persister.open();
    await persister.write(async (tx) => await tx.put('small', new Uint8Array(50)));
    const growing = persister.write(async (tx) => {
      await tx.put('large', new Uint8Array(50)).catch(() => {});
    });
    await expect(growing).rejects.toMatchObject({ code: 'ERR_PERSISTER_FULL' });
    await persister.write(async (tx) => await tx.put('fits', new Uint8Array(30)));
    const { entries } = await persister.read(async (tx) => await tx.list(''));
    expect(entries.map(({ key }) => key)).toEqual(['fits', 'small']);
    await persister.close();
  });

  it('closes however many wait for a turn, and every close waits for the end', async () => {
    const persister = new MemoryPersister();
    await persister.open();
    const turns = Array.from({ length: 10_001 }, async () => persister.write(async () => {}));
    const closes = Promise.all([persister.close(), persister.close()]);
    await Promise.all(turns);
    await closes;
    await persister.open();
    await persister.close();
  });
});
