import { setTimeout as pause } from 'node:timers/promises';

const ASK_EVERY_MS = 2;

/**
 * Waits until the condition holds; one deadline for all of it.
 * @param pending Undefined when it holds, else what is still missing.
 * @throws With what was missing at the last.
 */
export async function until(
  pending: () => string | undefined | Promise<string | undefined>,
  withinMs: number,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const askedAt = performance.now();
    const missing = await pending();
    if (missing === undefined) return;
    const now = performance.now();
    if (now > deadline) throw new Error(`Not within ${withinMs} ms: ${missing}`);
    // What takes long to find out must not keep the processor from what is waited for.
    await pause(Math.max(ASK_EVERY_MS, 2 * (now - askedAt)));
  }
}
