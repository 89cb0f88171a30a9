import { TokenBucket } from './token-bucket.ts';

const BURST = 25;
/** As client-go's filter of Events has it. */
const REFILL_SECONDS = 300;

/** So many Events an object may have at once, then one every five minutes, whatever becomes of its problems meanwhile. */
export class EventAllowance {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How long until the object may have another one; 0 if now. */
  waitMs(objectKey: string): number {
    return this.#buckets.get(objectKey)?.waitMs() ?? 0;
  }

  /** Counts one for the object. */
  take(objectKey: string): void {
    const options = { perSecond: 1 / REFILL_SECONDS, burst: BURST, now: this.#now };
    const bucket = this.#buckets.get(objectKey) ?? new TokenBucket(options);
    this.#buckets.set(objectKey, bucket);
    bucket.take();
  }

  /** Forgets objects that have been quiet for long. */
  prune(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull) this.#buckets.delete(key);
  }
}
