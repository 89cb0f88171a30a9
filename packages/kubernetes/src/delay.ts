import type { Clock } from '@koko/lifecycle';

/** Resolves after that time; rejects with the reason of `signal` as soon as that aborts. */
export function delay(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // An abort has whatever reason its caller gave it.
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    if (signal.aborted) return reject(signal.reason);
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      cancel();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
