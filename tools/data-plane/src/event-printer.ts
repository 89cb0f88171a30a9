import type { DataPlaneEvent } from './events.ts';

const ONLY_VERBOSE: readonly DataPlaneEvent['event'][] = ['pinged', 'received', 'unchanged'];

const MAX_CHARACTERS = 500;
const MAX_ITEMS = 20;

/** Prints events as JSON lines: what it is first, then when; a failure that goes on is printed once. */
export class EventPrinter {
  readonly #output: NodeJS.WritableStream;
  readonly #isVerbose: boolean;
  readonly #failing = new Map<string, string>();
  #hasReader = true;

  /**
   * @param readerLeft Called when whoever read the output has left, as `head` does; nothing is printed from then on.
   * Without it, errors of the output are the caller's business.
   */
  constructor(output: NodeJS.WritableStream, isVerbose: boolean, readerLeft?: () => void) {
    this.#output = output;
    this.#isVerbose = isVerbose;
    if (readerLeft === undefined) return;
    // Stays for good: writes that are under way fail one by one.
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#hasReader = false;
      readerLeft();
    });
  }

  print(event: DataPlaneEvent): void {
    if (!this.#hasReader) return;
    if (this.#isRepeated(event)) return;
    if (!this.#isVerbose && ONLY_VERBOSE.includes(event.event)) return;
    const { event: what, at, nodeId, ...rest } = event;
    this.#output.write(`${JSON.stringify({ event: what, ...rest, at, nodeId }, shortened)}\n`);
  }

  #isRepeated(event: DataPlaneEvent): boolean {
    if (event.event !== 'failed') {
      if (event.event === 'connected') this.#failing.delete(event.nodeId);
      return false;
    }
    if (this.#failing.get(event.nodeId) === event.reason) return true;
    this.#failing.set(event.nodeId, event.reason);
    return false;
  }
}

/** A line is to be read: long texts and lists, such as the hosts of a route, are cut and say so. */
function shortened(_key: string, value: unknown): unknown {
  if (typeof value === 'string' && value.length > MAX_CHARACTERS) {
    return `${value.slice(0, MAX_CHARACTERS)}… (${value.length} characters)`;
  }
  if (!Array.isArray(value) || value.length <= MAX_ITEMS) return value;
  return [...value.slice(0, MAX_ITEMS), `… (${value.length} items)`];
}
