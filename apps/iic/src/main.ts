import { runCommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';

// `iic translate … | head` ends the reader early: no reason for a stack trace, and nothing more to do.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') process.stderr.write(`iic: cannot write to standard output: ${message}\n`);
  process.exit(code === 'EPIPE' ? exitCodes.ok : exitCodes.failed);
});

const LINGER_MS = 500;

process.exitCode = await runCommandLine(process.argv.slice(2), process);
// What others have begun may hold the process up, such as a credential plugin that hangs. Its log is written by then.
if (process.argv[2] === 'run') setTimeout(() => process.exit(), LINGER_MS).unref();
