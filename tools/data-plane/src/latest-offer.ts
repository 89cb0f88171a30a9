import type { Offer } from './node-state.ts';

/**
 * Works off configurations one at a time and keeps at most one waiting: a newer one replaces it, as in Kong, so that a
 * slow data plane goes straight to the newest.
 */
export class LatestOffer {
  readonly #work: (offer: Offer) => Promise<void>;
  #waiting: Offer | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  /** @param work Must not reject. */
  constructor(work: (offer: Offer) => Promise<void>) {
    this.#work = work;
  }

  put(offer: Offer): void {
    if (this.#isClosed) return;
    this.#waiting = offer;
    this.#running ??= this.#run();
  }

  /** Forgets what waits and settles when the one being worked on is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting = undefined;
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // lets what arrived in the same read replace it
    while (this.#waiting !== undefined) {
      const offer = this.#waiting;
      this.#waiting = undefined;
      await this.#work(offer);
    }
    this.#running = undefined;
  }
}
