import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { clusterCommands } from './cluster/cluster-commands.ts';
import { measurePayload } from './payload.ts';
import { measurePropagation } from './propagation.ts';
import { report } from './report.ts';
import type { Figure } from './report.ts';
import { measureTranslation } from './translate.ts';
import { positive, sizes } from './whole-numbers.ts';

/** Each size is measured in a process of its own, so that none inherits another's memory or warm code. */
const MEASURING = 'BENCH_MEASURING';

interface Options {
  readonly routes: readonly number[];
  readonly runs: number;
  readonly protocol: 'v1' | 'wrpc';
  readonly out?: string;
}

const benchmarks: Record<
  string,
  { what: string; measure: (size: number, options: Options) => Promise<readonly Figure[]> }
> = {
  propagation: {
    what: 'from a changed object to the bytes at a data plane in another process',
    measure: (size, { runs, protocol }) => measurePropagation(size, runs, protocol),
  },
  payload: {
    what: 'encoding of the payload: first, after one change, and everything anew',
    measure: (size, { runs }) => measurePayload(size, runs),
  },
  translate: {
    what: 'translation of all objects, and of one changed object',
    measure: (size, { runs }) => measureTranslation(size, runs),
  },
};

const program = new Command('bench').description(
  'Measures; asserts nothing. Figures depend on the machine: compare within a run.',
);
for (const [name, { what, measure }] of Object.entries(benchmarks)) {
  program
    .command(name)
    .description(what)
    .option('--routes <N,…>', 'Ingresses, each with a Service and two endpoints of its own', sizes, [1000])
    .option('--runs <N>', 'changes measured per size', positive, 30)
    .addOption(new Option('--protocol <NAME>', 'of the data plane').choices(['wrpc', 'v1']).default('wrpc'))
    .option('--out <FILE>', 'JSON report; default bench-results/NAME.json')
    .action(async (options: Options) => {
      const size = process.env[MEASURING];
      if (size === undefined) return reportAll(name, options);
      process.send?.(await measure(Number(size), options));
    });
}
for (const command of clusterCommands()) program.addCommand(command);
await program.parseAsync();
process.disconnect?.();

async function reportAll(name: string, { routes, out }: Options): Promise<void> {
  const figures: Figure[] = [];
  for (const size of routes) figures.push(...(await measureInChild(size)));
  await report(name, 'routes', figures, out ?? `bench-results/${name}.json`);
}

async function measureInChild(routes: number): Promise<readonly Figure[]> {
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
    env: { ...process.env, [MEASURING]: String(routes) },
    execArgv: ['--conditions=@koko/source', '--max-semi-space-size=8'], // as bin/iic.mjs
  });
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`Measuring ${routes} routes ended with exit code ${String(code)}`);
  });
  const [figures] = (await Promise.race([once(child, 'message'), exited])) as [readonly Figure[]]; // what the child sends
  exited.catch(() => {}); // the child may end now
  return figures;
}
