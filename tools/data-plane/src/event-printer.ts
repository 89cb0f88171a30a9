import type { DataPlaneEvent } from './events.ts';

const ONLY_VERBOSE: readonly DataPlaneEvent['event'][] = ['pinged', 'received', 'unchanged'];

/** Prints events as JSON lines: what it is first, then when; a failure that goes on is printed once. */
export class EventPrinter {
  readonly #output: NodeJS.WritableStream;
  readonly #isVerbose: boolean;
  readonly #failing = new Map<string, string>();

  constructor(output: NodeJS.WritableStream, isVerbose: boolean) {
    this.#output = output;
    this.#isVerbose = isVerbose;
  }

  print(event: DataPlaneEvent): void {
    if (this.#isRepeated(event)) return;
    if (!this.#isVerbose && ONLY_VERBOSE.includes(event.event)) return;
    const { event: what, at, nodeId, ...rest } = event;
    this.#output.write(`${JSON.stringify({ event: what, ...rest, at, nodeId })}\n`);
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
