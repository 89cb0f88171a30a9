import { spawn } from 'node:child_process';

/** Waits for a line; at the end of its input without one, whoever holds the other end is gone, and so must be the process. */
const SCRIPT = `trap '' INT TERM HUP; read -r line || kill -9 "$0" 2>/dev/null`;

/**
 * Lets a process die with this one, however that ends: `exit` handlers do not run on SIGKILL.
 * @returns Calls it off.
 */
export function killWithUs(pid: number): () => void {
  const watchdog = spawn('sh', ['-c', SCRIPT, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'] });
  watchdog.on('error', () => undefined); // no shell, no watchdog
  watchdog.stdin.on('error', () => undefined);
  return () => void watchdog.stdin.end('over\n');
}
