import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { sourceCommand } from './iic-command.ts';

/** What iic makes of its configuration file. */
export function settingsInForce(configuration: string): Readonly<Record<string, unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  try {
    const file = join(folder, 'iic.yaml');
    writeFileSync(file, configuration);
    const [program, ...argv] = sourceCommand;
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1' }; // as in a Pod
    return parse(
      execFileSync(program, [...argv, 'run', `--config=${file}`, '--print-config'], { encoding: 'utf8', env }),
    ) as Readonly<Record<string, unknown>>;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
