import type { LogMethod, Logger } from '@koko/lifecycle';

interface Line {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps what it is told. */
export class KeptLog implements Logger {
  readonly lines: Line[] = [];
  readonly debug = this.#method('debug');
  readonly info = this.#method('info');
  readonly warn = this.#method('warn');
  readonly error = this.#method('error');

  at(level: keyof Logger): readonly Line[] {
    return this.lines.filter((line) => line.level === level);
  }

  #method(level: keyof Logger): LogMethod {
    return (fields, message) => void this.lines.push({ level, message, fields });
  }
}
