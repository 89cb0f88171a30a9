// Runs the tests of the package in the current folder. Further arguments go to jest.
import './require-node.mjs';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { preset } from './preset.mjs';

const HARD_LIMIT_MS = 15 * 60_000; // an unheard error can leave a test hanging; the run must still end
const jest = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));
const config = JSON.stringify(preset(process.cwd()));
const child = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    jest,
    '--config',
    config,
    '--passWithNoTests',
    '--forceExit=false',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);
const limit = setTimeout(() => child.kill('SIGKILL'), HARD_LIMIT_MS);
child.on('exit', (code, signal) => {
  clearTimeout(limit);
  if (signal !== null)
    process.stderr.write(`Tests ended by ${signal} after at most ${HARD_LIMIT_MS / 60_000} minutes\n`);
  process.exitCode = code ?? 1;
});
