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
