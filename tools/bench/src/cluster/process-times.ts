import { readFile } from 'node:fs/promises';

/** Linux counts in hundredths of a second, whatever its own clock. */
const MS_PER_TICK = 10;

/** What the process has computed so far, on all cores; unlike times by the clock, it does not depend on who else computes. */
export async function processCpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name may hold anything; the state comes next
  const [userTicks, systemTicks] = [afterName[11], afterName[12]];
  return (Number(userTicks) + Number(systemTicks)) * MS_PER_TICK;
}

/** How long the main thread was able to go on, but had to wait for a core that others held. */
export async function waitedForCoreMs(pid: number): Promise<number> {
  const schedstat = await readFile(`/proc/${pid}/schedstat`, 'utf8');
  return Number(schedstat.split(' ')[1]) / 1_000_000;
}
