import { NoServerError } from './cluster-under-test.ts';

/** As shells count: 128 and the number of SIGINT. */
const INTERRUPTED = 130;
const CANNOT_START = 2;

/**
 * Runs what starts processes and makes folders, so that Ctrl-C has it clean up: the first one aborts the signal, a second
 * one ends at once. Sets the exit code.
 */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    process.stderr.write('Stopping; once more to stop at once\n');
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await work(stop.signal);
  } catch (error) {
    // Ctrl-C reaches the API server, too: whatever fails after it is no news.
    if (!stop.signal.aborted && !(error instanceof NoServerError)) throw error;
    process.exitCode = stop.signal.aborted ? INTERRUPTED : CANNOT_START;
    if (error instanceof NoServerError) process.stderr.write(`${error.message}\n`);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
