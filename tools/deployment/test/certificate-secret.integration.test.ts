import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiServer } from '@koko/api-server';
import { StartedProcess } from '../src/started-process.ts';
import type { Exit } from '../src/started-process.ts';
import { sourceCommand } from './iic-command.ts';

let directory: string;
let api: ApiServer;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'iic-secret-'));
  api = new ApiServer();
  await api.start();
  await writeFile(join(directory, 'kubeconfig'), api.kubeconfig());
  api.objects.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kong' } });
});

afterEach(async () => {
  await api.stop();
  await rm(directory, { recursive: true, force: true });
});

async function certificates(...argv: readonly string[]): Promise<Exit & { readonly output: string }> {
  const command = [...sourceCommand, 'certificates', ...argv];
  const running = new StartedProcess({ command, cwd: directory, environment: {} });
  const exit = await running.exited();
  return { ...exit, output: running.log.map(({ msg }) => msg).join('\n') };
}

const intoCluster = (): readonly string[] => [
  '--secret',
  'pair',
  '--namespace',
  'kong',
  '--kubeconfig',
  join(directory, 'kubeconfig'),
];

describe('iic certificates --secret', () => {
  it('creates a Secret that data planes in mode shared accept, and leaves one that is there', async () => {
    const reference = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'kong', name: 'pair' } };
    expect(await certificates(...intoCluster())).toMatchObject({ code: 0, output: expect.stringMatching(/^Created/) });
    const created = api.objects.find(reference);
    expect(created).toMatchObject({ type: 'kubernetes.io/tls' });
    const { data = {} } = created as { readonly data?: Readonly<Record<string, string>> }; // a Secret's
    const certificate = new X509Certificate(Buffer.from(data['tls.crt'] ?? '', 'base64'));
    expect(certificate.subject).toBe('CN=kong_clustering');
    expect(certificate.checkHost('kong_clustering')).toBe('kong_clustering');
    expect(await certificates(...intoCluster())).toMatchObject({
      code: 0,
      output: expect.stringMatching(/exists already/),
    });
    expect(api.objects.find(reference)).toEqual(created);
    expect(api.requests.count({ resource: 'secrets' })).toBe(2); // it creates, and reads nothing
  });

  it('says what is missing or too much', async () => {
    expect(await certificates()).toMatchObject({
      code: 2,
      output: expect.stringContaining('--out DIR, or --secret NAME'),
    });
    expect(await certificates('--out', directory, '--secret', 'pair')).toMatchObject({
      code: 2,
      output: expect.stringContaining('cannot be used with'),
    });
  });
});
