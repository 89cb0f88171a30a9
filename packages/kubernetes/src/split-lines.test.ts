import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { splitLines } from './split-lines.ts';

async function* chunksOf(...chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

async function linesOf(chunks: AsyncIterable<Buffer>, maxBytes = 1000): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of splitLines(chunks, maxBytes)) lines.push(line);
  return lines;
}

describe('splitLines', () => {
  it('gives the same lines wherever the chunks end, also inside a character', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((line) => line !== '' && !line.includes('\n'));
    const property = fc.asyncProperty(
      fc.array(text, { maxLength: 8 }),
      fc.integer({ min: 1, max: 5 }),
      async (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        for (let start = 0; start < bytes.length; start += size) chunks.push(bytes.subarray(start, start + size));
        expect(await linesOf(chunksOf(...chunks))).toEqual(lines);
      },
    );
    await fc.assert(property, { numRuns: 200, seed: 1 });
  });

  it('leaves out a last line that was cut off', async () => {
    expect(await linesOf(chunksOf(Buffer.from('whole\n\ncut')))).toEqual(['whole']);
  });

  it('refuses a line without end', async () => {
    await expect(linesOf(chunksOf(Buffer.alloc(600, 65), Buffer.alloc(600, 65)))).rejects.toThrow(RangeError);
  });
});
