import { setImmediate } from 'node:timers/promises';

const STEPS_AT_A_STRETCH = 250; // of about 20 microseconds each

/** Inside long loops: gives the servers of this process a turn every few milliseconds. Waits only where there is a promise. */
export function pace(step: number): Promise<void> | undefined {
  return step > 0 && step % STEPS_AT_A_STRETCH === 0 ? setImmediate() : undefined;
}
