import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';

const program = `
  import { spawn } from 'node:child_process';
  import { killWithUs } from ${JSON.stringify(new URL('../src/watchdog.ts', import.meta.url).href)};
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const callOff = killWithUs(child.pid);
  if (process.argv[1] === 'call off') callOff();
  console.log(String(child.pid)); // a number might come in colour
  setInterval(() => {}, 1000);
`;

/** The pid of a process whose parent was killed without a chance to clean up. */
async function orphan(...argv: readonly string[]): Promise<number> {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line]: unknown[] = await once(createInterface({ input: parent.stdout }), 'line');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  return Number(line);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('killWithUs', () => {
  it('ends a process whose parent was killed', async () => {
    const pid = await orphan();
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isAlive(pid)).toBe(false);
  });

  it('leaves it alone when called off', async () => {
    const [called, other] = await Promise.all([orphan('call off'), orphan()]);
    while (isAlive(other)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isAlive(called)).toBe(true);
    process.kill(called, 'SIGKILL');
  });
});
