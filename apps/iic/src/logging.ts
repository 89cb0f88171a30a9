import type { Logger } from '@koko/lifecycle';
import { destination, pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';
import type { Configuration } from './configuration/settings.ts';
import type { ProcessContext } from './command-line.ts';

/** Logs go to stderr: readable where a person looks on, JSON lines elsewhere. */
export function createLogger(
  configuration: Pick<Configuration, 'log-level' | 'log-format'>,
  context: ProcessContext,
): Logger {
  const { 'log-level': level, 'log-format': format } = configuration;
  const isPretty = format === 'pretty' || (format === 'auto' && context.stderr.isTTY === true);
  const options = { level, base: null, serializers: { err: serializeError } };
  if (!isPretty) return pino(options, destination({ fd: 2, sync: true }));
  const stream = pretty({
    destination: 2,
    sync: true,
    colorize: context.stderr.isTTY === true,
    translateTime: 'HH:MM:ss.l',
    singleLine: true,
  });
  return pino(options, stream);
}

/** Our own coded errors say all there is to say; where they were thrown matters only for the unexpected ones. */
function serializeError(error: Error): object {
  const { code } = error as NodeJS.ErrnoException; // any error may come; only its code is looked at
  if (typeof code === 'string' && code.startsWith('ERR_') && !isSystemError(error))
    return { code, message: error.message };
  return stdSerializers.errWithCause(error);
}

/** Errors of Node.js have codes of the same form, and properties that tell them apart. */
function isSystemError(error: Error): boolean {
  return error.name === 'Error' || error.name === 'TypeError' || error.name === 'RangeError';
}
