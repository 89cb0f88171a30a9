import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A payload that reached the other process. */
export interface Arrival {
  readonly at: number;
  readonly bytes: number;
}

/** The other end of a `receiver.ts` process. */
export interface Receiver {
  /** The next payload after this call. */
  next(): Promise<Arrival>;
  stop(): Promise<void>;
}

const ARRIVAL_TIMEOUT_MS = 30_000;

export function startReceiver(options: {
  readonly port: number;
  readonly protocol: 'v1' | 'wrpc';
  readonly certificate: string;
  readonly key: string;
}): Receiver {
  const script = fileURLToPath(new URL('./receiver.ts', import.meta.url));
  const child = fork(script, [JSON.stringify(options)], { execArgv: ['--conditions=@koko/source'] });
  let expecting: PromiseWithResolvers<Arrival> | undefined;
  child.on('message', (arrival) => expecting?.resolve(arrival as Arrival)); // what receiver.ts sends
  child.on('exit', () =>
    expecting?.reject(new Error('The receiver ended before a payload arrived; its reason is above')),
  );
  return {
    async next() {
      expecting = Promise.withResolvers<Arrival>();
      const { promise, reject } = expecting;
      const timer = setTimeout(() => reject(new Error('No payload arrived in time')), ARRIVAL_TIMEOUT_MS);
      return promise.finally(() => clearTimeout(timer));
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}
