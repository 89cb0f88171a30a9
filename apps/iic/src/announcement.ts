import { untilAborted } from '@koko/lifecycle';
import type { Logger, Runnable } from '@koko/lifecycle';

/** Last in the order of dependence: says that everything runs, and where. */
export class Announcement implements Runnable {
  readonly name = 'announcement';
  readonly #logger: Logger;
  readonly #facts: () => Readonly<Record<string, unknown>>;
  #isMade = false;

  /** @param facts Asked for once everything is ready. */
  constructor(logger: Logger, facts: () => Readonly<Record<string, unknown>>) {
    this.#logger = logger;
    this.#facts = facts;
  }

  /** Whether everything was ready once; a failure before that is one of starting. */
  get isMade(): boolean {
    return this.#isMade;
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    this.#isMade = true;
    this.#logger.info(this.#facts(), 'IIC is ready: configuration is complete and served');
    ready();
    await untilAborted(signal);
  }
}
