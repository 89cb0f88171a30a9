import { Command, Option } from 'commander';
import { report } from '../report.ts';
import { positive, sizes } from '../whole-numbers.ts';
import { interruptible } from './interruptible.ts';
import { measureCluster } from './measure-cluster.ts';
import type { ClusterOptions } from './measure-cluster.ts';
import { measureMemory } from './measure-memory.ts';
import type { MemoryOptions } from './measure-memory.ts';

/** The benchmarks that run `iic` as a process against an API server. */
export function clusterCommands(): readonly Command[] {
  return [clusterCommand(), memoryCommand()];
}

function clusterCommand(): Command {
  return withServer('cluster', 'from an object created at an API server to the bytes at a data plane, and starts')
    .option('--routes <N,…>', 'Ingresses, each with a Service and an EndpointSlice of its own', sizes, [5000, 10_000])
    .option('--runs <N>', 'changes of each sort, per size', positive, 50)
    .addOption(new Option('--protocol <NAME>', 'of the data plane').choices(['wrpc', 'v1']).default('wrpc'))
    .action((options: ClusterOptions & { readonly out?: string }) =>
      interruptible(async (signal) => {
        const figures = await measureCluster(options, signal);
        await report('cluster', 'routes', figures, options.out ?? 'bench-results/cluster.json');
      }),
    );
}

function memoryCommand(): Command {
  return withServer('memory', 'memory of the controller beside Secrets that nothing refers to')
    .option('--routes <N>', 'Ingresses, each with a Service and two EndpointSlices of its own', positive, 10_000)
    .option('--secrets <N>', 'Secrets that nothing refers to', positive, 5000)
    .option('--secret-bytes <N>', 'size of each', positive, 100_000)
    .action((options: MemoryOptions & { readonly out?: string }) =>
      interruptible(async (signal) => {
        const figures = await measureMemory(options, signal);
        await report('memory', 'routes', figures, options.out ?? 'bench-results/memory.json');
      }),
    );
}

function withServer(name: string, what: string): Command {
  return new Command(name)
    .description(what)
    .addOption(new Option('--server <KIND>', 'API server').choices(['real', 'emulator']).default('real'))
    .option('--iic <FILE>', 'program to measure instead of apps/iic/bin/iic.mjs, e.g. the bundle of the image')
    .option('--out <FILE>', `JSON report; default bench-results/${name}.json`);
}
