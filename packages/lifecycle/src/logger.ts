/** One log call: facts for machines first, then a sentence for people. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What a component needs of a logger; a pino logger fits as it is. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

const ignore: LogMethod = () => {};

/** Drops everything; the default wherever a logger is optional. */
export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
