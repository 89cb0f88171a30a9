/** About a millisecond of encryption; the event loop gets a turn after as much. */
const BYTES_PER_TURN = 1024 * 1024;

/** Serves whoever asked, a few at a time, so that many large sends do not hold up everything else. */
export class PushScheduler<Item> {
  readonly #serve: (item: Item) => number;
  readonly #waiting = new Set<Item>();
  #turn: NodeJS.Immediate | undefined;

  /** @param serve Serves one and returns how many bytes it sent. */
  constructor(serve: (item: Item) => number) {
    this.#serve = serve;
  }

  /** Asks for service in one of the next turns; asking again before that changes nothing. */
  request(item: Item): void {
    this.#waiting.add(item);
    this.#turn ??= setImmediate(() => this.#work());
  }

  forget(item: Item): void {
    this.#waiting.delete(item);
  }

  stop(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    this.#waiting.clear();
  }

  #work(): void {
    this.#turn = undefined;
    let bytes = 0;
    for (const item of this.#waiting) {
      this.#waiting.delete(item);
      bytes += this.#serve(item);
      if (bytes >= BYTES_PER_TURN) break;
    }
    if (this.#waiting.size > 0) this.#turn = setImmediate(() => this.#work());
  }
}
