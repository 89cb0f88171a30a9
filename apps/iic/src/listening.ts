import type { Runnable } from '@koko/lifecycle';
import { StartupError } from './startup-error.ts';

/** What to say when a server cannot listen. */
export interface ListenAddress {
  /** Whom it listens for, e.g. `data planes`. */
  readonly purpose: string;
  /** The setting that changes the port. */
  readonly flag: string;
  readonly address: string;
}

/** The same runnable, whose listen errors name the purpose and the setting to change. */
export function listening(runnable: Runnable, address: ListenAddress): Runnable {
  return {
    name: runnable.name,
    async run(signal, ready) {
      try {
        await runnable.run(signal, ready);
      } catch (error) {
        throw listenError(error, address);
      }
    },
  };
}

/** Turns what `listen` throws into a `StartupError`; other errors stay as they are. */
export function listenError(error: unknown, { purpose, flag, address }: ListenAddress): unknown {
  const { code } = error as NodeJS.ErrnoException; // any error may come; only its code is looked at
  const say = (errorCode: StartupError['code'], reason: string): StartupError =>
    new StartupError(errorCode, `Cannot listen on ${address} for ${purpose}: ${reason}`, { cause: error });
  if (code === 'EADDRINUSE')
    return say('ERR_IIC_PORT_TAKEN', `the port is taken; stop its owner or choose another by ${flag}`);
  if (code === 'EACCES') return say('ERR_IIC_PORT_FORBIDDEN', `not permitted; choose a port above 1023 by ${flag}`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return say('ERR_IIC_ADDRESS', 'this machine has no such address');
  return error;
}
