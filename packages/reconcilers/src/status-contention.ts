interface Written {
  readonly uid: string;
  readonly value: string;
  readonly at: number;
  /** How often the same value had to be written again. */
  readonly overwrites: number;
}

const SLOWEST_MS = 600_000;
const FIRST_MS = 5_000;
/** A value that stood for so long is nobody's bone of contention. */
const FORGET_MS = 1_800_000;
/** Overwritten so often, it is no accident. */
const CONTENDED = 3;

/**
 * Notices that somebody else keeps overwriting what we write, as two controllers of one class do, and spreads our attempts
 * further and further. The first repair is immediate.
 */
export class StatusContention {
  readonly #written = new Map<string, Written>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How long to hold back a value that differs from what is there. */
  waitMs(key: string, uid: string, value: string): number {
    const written = this.#known(key, uid, value);
    if (written === undefined || written.overwrites === 0) return 0;
    const pauseMs = Math.min(SLOWEST_MS, FIRST_MS * 2 ** Math.min(written.overwrites - 1, 20));
    return Math.max(0, written.at + pauseMs - this.#now());
  }

  /** @returns Whether this has now become a contention. */
  written(key: string, uid: string, value: string): boolean {
    const before = this.#known(key, uid, value);
    const overwrites = before === undefined ? 0 : before.overwrites + 1;
    this.#written.set(key, { uid, value, at: this.#now(), overwrites });
    return overwrites === CONTENDED;
  }

  /** For how many objects somebody else keeps writing another value. */
  get count(): number {
    return [...this.#written.values()].filter(({ overwrites }) => overwrites >= CONTENDED).length;
  }

  /** Forgets what was long ago. */
  prune(): void {
    for (const [key, { at }] of this.#written) if (this.#now() - at >= FORGET_MS) this.#written.delete(key);
  }

  clear(): void {
    this.#written.clear();
  }

  #known(key: string, uid: string, value: string): Written | undefined {
    const written = this.#written.get(key);
    const isSame = written?.uid === uid && written.value === value && this.#now() - written.at < FORGET_MS;
    return isSame ? written : undefined;
  }
}
