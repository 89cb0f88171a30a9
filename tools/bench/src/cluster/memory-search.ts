import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 8 * 1024 * 1024;
/** V8 keeps texts with one byte per character, or with two when a single one needs it. */
const ENCODINGS = ['latin1', 'utf16le'] as const;

interface Region {
  readonly start: number;
  readonly end: number;
}

/** What a search through the memory of a process has come to. */
export interface MemorySearch {
  readonly found: number;
  /** How much could be read, in MB; nothing read would find nothing. */
  readonly searchedMb: number;
}

/** Counts where any of the texts stands in the memory of a process (Linux; of a child, or as root). */
export async function searchMemory(pid: number, texts: readonly string[]): Promise<MemorySearch> {
  const patterns = texts.flatMap((text) => ENCODINGS.map((encoding) => Buffer.from(text, encoding)));
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
  const memory = await open(`/proc/${pid}/mem`, 'r');
  let found = 0;
  let searchedBytes = 0;
  try {
    for (const region of writableRegions(maps)) {
      for await (const chunk of chunksOf(memory, region)) {
        searchedBytes += chunk.length;
        for (const pattern of patterns) found += occurrences(chunk, pattern);
      }
    }
  } finally {
    await memory.close();
  }
  return { found, searchedMb: searchedBytes / 1024 / 1024 };
}

/** Where a program can have put what it has read. */
function writableRegions(maps: string): readonly Region[] {
  const regions = [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw.*$/gm)];
  return regions.map(([, start = '', end = '']) => ({
    start: Number.parseInt(start, 16),
    end: Number.parseInt(end, 16),
  }));
}

/** What can be read of a region; a text that lies across two chunks is not seen, but each stands there many times. */
async function* chunksOf(memory: FileHandle, { start, end }: Region): AsyncGenerator<Buffer> {
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, end - start));
  for (let at = start; at < end; at += buffer.length) {
    const length = Math.min(buffer.length, end - at);
    const bytesRead = await memory.read(buffer, 0, length, at).then(
      (result) => result.bytesRead,
      () => 0, // set aside and not backed by memory
    );
    if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
  }
}

function occurrences(chunk: Buffer, pattern: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(pattern); at >= 0; at = chunk.indexOf(pattern, at + pattern.length)) count += 1;
  return count;
}
