import { readFile } from 'node:fs/promises';

/** Resident memory of a process, in MB. */
export interface ProcessMemory {
  readonly nowMb: number;
  /** Since it started. */
  readonly peakMb: number;
}

/** Linux only: other systems have no `/proc`. */
export async function processMemory(pid: number): Promise<ProcessMemory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
  return { nowMb: read('VmRSS'), peakMb: read('VmHWM') };
}

/** Resident memory of programs that this process has started, in MB by name. */
export async function memoryOfChildren(programs: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  const memory = new Map<string, number>();
  for (const pid of children.split(' ').filter((id) => id !== '')) {
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
    if (programs.includes(name)) memory.set(name, (await processMemory(Number(pid))).nowMb);
  }
  return memory;
}
