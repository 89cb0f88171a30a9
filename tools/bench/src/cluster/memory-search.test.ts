import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { contentForms, markedSecrets } from './marked-secrets.ts';
import { searchMemory } from './memory-search.ts';

/** Keeps what it is sent, as text, and says when it has all of it. */
const KEEPER = `
  let kept = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (text) => { kept += text; if (text.endsWith('\\n')) process.stdout.write('kept ' + kept.length); });
`;

async function searchKeeperOf(text: string): Promise<{ found: number; searchedMb: number }> {
  const keeper: ChildProcess = spawn(process.execPath, ['-e', KEEPER], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const { stdin, stdout, pid } = keeper;
    if (stdin === null || stdout === null || pid === undefined) throw new Error('The child did not start');
    stdin.write(`${text}\n`);
    await once(stdout, 'data');
    return await searchMemory(pid, contentForms);
  } finally {
    keeper.kill('SIGKILL');
    await once(keeper, 'exit');
  }
}

// Elsewhere there is no /proc.
(process.platform === 'linux' ? describe : describe.skip)('searchMemory', () => {
  const [secret = { metadata: {}, data: { content: '' } }] = [...markedSecrets(1, 10_000)];

  it('finds the content of a Secret in a process that holds it, encoded or not', async () => {
    const { content } = secret['data'] as { content: string };
    expect((await searchKeeperOf(content)).found).toBeGreaterThan(0);
    expect((await searchKeeperOf(Buffer.from(content, 'base64').toString())).found).toBeGreaterThan(0);
  });

  it('finds it where a single character has V8 keep two bytes for each', async () => {
    expect((await searchKeeperOf(`${JSON.stringify(secret)}🏔`)).found).toBeGreaterThan(0);
  });

  it('finds nothing in a process that holds only its name', async () => {
    const { found, searchedMb } = await searchKeeperOf(JSON.stringify(secret.metadata));
    expect(found).toBe(0);
    expect(searchedMb).toBeGreaterThan(5);
  });
});
