import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../apps/iic/bin/iic.mjs', import.meta.url));

/** The names of all settings of `iic run`, as its help lists them. */
export function settingNames(): readonly string[] {
  const help = execFileSync(process.execPath, ['--conditions=@koko/source', program, 'run', '--help'], {
    encoding: 'utf8',
  });
  return [...help.matchAll(/^ {2}--([a-z-]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => !['config', 'print-config'].includes(name));
}
