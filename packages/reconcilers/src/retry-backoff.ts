const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 10_000;

/** How long to wait before trying again: doubles from 50 ms to 10 s. There is one writer, so no jitter is needed. */
export function retryDelayMs(attempt: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 20));
}
