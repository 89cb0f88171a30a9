import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationReader } from './received-configuration.ts';

const table = { _format_version: '3.0', _transform: false, consumers: [{ username: 'ann' }] };
const gzipped = (value: unknown): Uint8Array => gzipSync(JSON.stringify(value));
const reader = (): ConfigurationReader => new ConfigurationReader({ version: '3.9.3' });

describe('ConfigurationReader', () => {
  it('decodes and checks the same bytes once, for all who share it', async () => {
    const shared = reader();
    const first = await shared.read(gzipped(table), 'table');
    const second = await shared.read(gzipped(table), 'table');
    expect(second).toBe(first);
    expect(second.check()).toBe(first.check());
  });

  it('remembers only the latest payloads', async () => {
    const shared = reader();
    const first = await shared.read(gzipped(table), 'table');
    for (const username of ['b', 'c']) await shared.read(gzipped({ ...table, consumers: [{ username }] }), 'table');
    expect(await shared.read(gzipped(table), 'table')).not.toBe(first);
  });

  it('reads whole messages with their hashes, and bare tables', async () => {
    const message = { type: 'reconfigure', config_table: table, config_hash: 'h', hashes: { config: 'h' } };
    const whole = await reader().read(gzipped(message), 'message');
    expect([whole.isReconfigure, whole.hasTable, whole.configHash, whole.hashes]).toEqual([
      true,
      true,
      'h',
      { config: 'h' },
    ]);
    const bare = await reader().read(gzipped(table), 'table');
    expect([bare.isReconfigure, bare.hasTable, bare.configHash]).toEqual([true, true, undefined]);
    expect(bare.ownHash).toBe(whole.ownHash);
  });

  it.each([
    ['no gzip', Buffer.from('{}')],
    ['no JSON', gzipSync('nonsense')],
    ['no object', gzipSync('[]')],
  ])('rejects %s', async (_what, bytes) => {
    await expect(reader().read(bytes, 'message')).rejects.toThrow();
  });
});
