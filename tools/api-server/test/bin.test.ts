import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { ApiextensionsV1Api, KubeConfig } from '@kubernetes/client-node';
import { runCommandLine } from '../src/command-line.ts';
import { widgets } from './widgets.ts';
import type { ProcessContext } from '../src/command-line.ts';

const bin = fileURLToPath(new URL('../bin/api-server.mjs', import.meta.url));

function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'api-server-test-'));
  return body(folder).finally(() => rmSync(folder, { recursive: true }));
}

describe('bin/api-server.mjs', () => {
  it('serves with the CRDs of a folder, names its kubeconfig, and ends with 0 at Ctrl-C', () =>
    inFolder(async (folder) => {
      writeFileSync(
        join(folder, 'widgets.yaml'),
        `# two documents\n---\n${JSON.stringify(widgets())}\n---\nkind: Other\n`,
      );
      const child = spawn(process.execPath, ['--conditions=@koko/source', bin, '--crds', folder]);
      const exited = once(child, 'exit');
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      while (!output.includes('Ctrl-C')) await once(child.stdout, 'data');
      const file = /export KUBECONFIG=(.*)/.exec(output)?.[1] ?? '';
      expect(readFileSync(file, 'utf8')).toContain('current-context: api-server');
      const config = new KubeConfig();
      config.loadFromFile(file);
      const { items } = await config.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition();
      expect(items.map(({ metadata }) => metadata?.name)).toEqual(['widgets.test.example']);
      child.kill('SIGINT');
      expect(await exited).toEqual([0, null]);
      expect(existsSync(file)).toBe(false);
    }));
});

describe('the command line', () => {
  const run = async (...argv: readonly string[]): Promise<readonly [number, string]> => {
    let errors = '';
    const stream = { write: (text: string) => ((errors += text), true) };
    // Only `write` is used of the streams.
    const context = { stdout: stream, stderr: stream, on: () => 0, off: () => 0 } as unknown as ProcessContext;
    return [await runCommandLine(argv, context), errors];
  };

  it('refuses ports and folders that are none', async () => {
    expect(await run('--port', '70000')).toEqual([2, expect.stringContaining('from 0 to 65535')]);
    expect(await run('--crds', '/no/such/folder')).toEqual([2, expect.stringContaining('/no/such/folder')]);
  });

  it('names the file that is no YAML', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'broken.yaml'), 'a: [');
      expect(await run('--crds', folder)).toEqual([2, expect.stringContaining('broken.yaml')]);
    }));

  it('explains itself', async () => {
    expect(await run('--help')).toEqual([0, expect.stringContaining('--crds')]);
  });
});
