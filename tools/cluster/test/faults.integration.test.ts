import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import type { StormReport } from '../src/faults/fault-storm.ts';

const COMMAND = resolve(import.meta.dirname, '../bin/faults.mjs');
const RUNS = 50;
/** What the store keeps of recent changes fills up meanwhile; what is not given back after a fault would be more. */
const MAX_GROWTH_MIB = 32;
const TIMEOUT_MS = 300_000;

/** In a process of its own: there, a rejection that nobody handles ends it, and the heap is that of IIC alone. */
async function storm(folder: string): Promise<{ code: unknown; said: string; report: StormReport }> {
  const file = join(folder, 'report.json');
  const argv = [COMMAND, '--runs', String(RUNS), '--json', file];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], output, errors]: [unknown[], string, string] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout),
    text(child.stderr),
  ]);
  const json = await readFile(file, 'utf8').catch(() => '{}'); // it may have failed before
  return { code, said: output + errors, report: JSON.parse(json) };
}

describe('IIC under faults of its API server', () => {
  it(
    'loses no change, keeps all components running and gives memory back, whatever goes wrong',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'cluster-faults-'));
      try {
        const { code, said, report } = await storm(folder);
        process.stdout.write(said); // the table, and the seed by which to repeat it
        expect(code === 0 ? 'no rejection, no change lost' : said).toBe('no rejection, no change lost');
        expect(report.failedComponents).toEqual([]);
        expect(report.leaseTransitions).toBe(0);
        expect(report.recoveries.filter(({ runs }) => runs !== RUNS)).toEqual([]);
        expect(report.recoveries.length).toBeGreaterThan(40);
        expect(report.heapMib.end - report.heapMib.early).toBeLessThan(MAX_GROWTH_MIB);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    TIMEOUT_MS,
  );
});
