import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EventPrinter, SimulatedDataPlane } from '@koko/data-plane';
import { runCommandLine } from 'iic';
import type { Extension } from 'iic';

/** Runs IIC on `examples/quickstart` together with a simulated data plane; further arguments go to `iic run`. */
const manifests = resolve(import.meta.dirname, '../../../examples/quickstart');
const certificates = await mkdtemp(join(tmpdir(), 'iic-quickstart-'));

const withDataPlane: Extension = ({ configuration, certificates: pair }) => {
  const printer = new EventPrinter(process.stdout, false);
  const runnable = new SimulatedDataPlane({
    controlPlane: `wss://127.0.0.1:${configuration['data-plane-port']}`,
    protocol: 'wrpc',
    certificate: pair.certificate,
    key: pair.key,
    hostname: 'simulated-data-plane',
    reconnectDelay: { minMs: 500, maxMs: 1000 }, // a real one waits 5 to 10 s; somebody is watching here
    onEvent: (event) => printer.print(event),
  });
  return [{ runnable, dependsOn: ['data-plane-server'] }];
};

try {
  const defaults = ['--manifests', manifests, '--generate-certificates', certificates];
  const loopback = ['--data-plane-host', '127.0.0.1', '--health-host', '127.0.0.1', '--log-format', 'pretty'];
  const args = ['run', ...defaults, ...loopback, ...process.argv.slice(2)];
  process.exitCode = await runCommandLine(args, process, withDataPlane);
} finally {
  await rm(certificates, { recursive: true, force: true });
}
