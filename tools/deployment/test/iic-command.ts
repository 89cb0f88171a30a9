import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../apps/iic/bin/iic.mjs', import.meta.url));

/** iic from its sources, with the flags of the first line of its program. */
export const sourceCommand = [
  process.execPath,
  '--conditions=@koko/source',
  '--max-semi-space-size=8',
  program,
] as const;
