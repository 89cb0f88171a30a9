import type { Clock } from '@koko/lifecycle';

/** Resolves after that time; rejects with the reason of `signal` as soon as that aborts. */
export function delay(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error); // `reason` is typed as any
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', stop);
      resolve();
    });
    const stop = (): void => {
      cancel();
      reject(signal.reason as Error); // `reason` is typed as any
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}
