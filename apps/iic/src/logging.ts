import type { Logger } from '@koko/lifecycle';
import { destination, pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';
import { isCoded } from './coded-error.ts';
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
  return isCoded(error) ? { code: error.code, message: error.message } : stdSerializers.errWithCause(error);
}
