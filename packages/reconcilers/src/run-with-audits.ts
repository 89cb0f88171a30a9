import type { Clock } from '@koko/lifecycle';

export interface AuditedWork {
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Looks at everything; first as soon as the work has begun. */
  readonly audit: () => void;
  /** Between two audits; chance makes it up to a fifth shorter or longer. */
  readonly periodMs: number;
  readonly clock: Clock;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly ready: () => void;
}

/**
 * Works until `signal` aborts, with audits in between.
 * @throws What the work or an audit throws, once the work has ended.
 */
export async function runWithAudits(signal: AbortSignal, plan: AuditedWork): Promise<void> {
  const { work, audit, periodMs, clock, random, ready } = plan;
  const crashed = Promise.withResolvers<never>();
  const stop = new AbortController();
  let cancel = (): void => {};
  const round = (): void => {
    cancel = clock.after(periodMs * (0.8 + 0.4 * random()), round);
    try {
      audit();
    } catch (error) {
      crashed.reject(error);
    }
  };
  const working = work(AbortSignal.any([signal, stop.signal]));
  try {
    round();
    ready();
    await Promise.race([working, crashed.promise]);
  } finally {
    cancel();
    stop.abort();
    await working;
  }
}
