import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { shortLimits } from '../running-controller.ts';
import { faultStorm } from './fault-storm.ts';
import { recoveryTable } from './recovery-table.ts';

interface Flags {
  readonly runs: string;
  readonly seed: string;
  readonly json?: string;
  readonly defaultLimits: boolean;
}

/** Strikes IIC with every fault and prints how long each took to get over. An unhandled rejection ends it with code 1. */
const { runs, seed, json, defaultLimits } = new Command('npm run faults --')
  .description(
    'Strikes IIC with every fault that an API server can make, while objects change, and prints how long it takes to recover',
  )
  .option('--runs <count>', 'how often each fault strikes', '50')
  .option('--seed <number>', 'order of the faults', String(Date.now() % 1_000_000))
  .option('--default-limits', "wait as long as in a real cluster, instead of tests' short times", false)
  .option('--json <file>', 'write the results to this file, too')
  .parse()
  .opts<Flags>();

const startedAt = performance.now();
const report = await faultStorm({
  runs: Number(runs),
  seed: Number(seed),
  ...(defaultLimits ? {} : { limits: shortLimits, requestTimeoutMs: 400 }),
  onProgress: (done, of) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${of} `);
  },
});
const { recoveries, failedComponents, leaseTransitions, heapMib } = report;
process.stdout.write(`${recoveryTable(recoveries)}

seed ${seed}; ${recoveries.reduce((sum, recovery) => sum + recovery.runs, 0)} faults in ${((performance.now() - startedAt) / 1000).toFixed(0)} s; no change was lost;
components that do not run: ${failedComponents.join(', ') || 'none'}; the lease was lost ${leaseTransitions} times; heap ${heapMib.early.toFixed(1)} MiB early, ${heapMib.end.toFixed(1)} MiB at the end
`);
if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
if (failedComponents.length > 0) process.exitCode = 1;
