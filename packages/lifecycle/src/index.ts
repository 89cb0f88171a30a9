export type { Runnable } from './runnable.ts';
export { silentLogger } from './logger.ts';
export type { Logger, LogMethod } from './logger.ts';
