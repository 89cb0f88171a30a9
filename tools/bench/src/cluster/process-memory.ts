import { readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second, whatever its own clock. */
const MS_PER_TICK = 10;

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

/** What the process has computed so far, on all cores; unlike times by the clock, it does not depend on who else computes. */
export async function processCpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name may hold anything; the state comes next
  const [userTicks, systemTicks] = [afterName[11], afterName[12]];
  return (Number(userTicks) + Number(systemTicks)) * MS_PER_TICK;
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
