import { hash } from 'node:crypto';

/** What Kong calls the hash of an empty configuration. */
export const EMPTY_HASH = '0'.repeat(32);

const MODULUS = 1n << 128n;

/** 128 bits that stand for one text of one collection. */
export const textHash = (collection: string, text: string): bigint =>
  BigInt(`0x${hash('sha256', `${collection}\0${text}`, 'hex').slice(0, 32)}`);

/** The sum of the hashes of all members: whoever holds the same members has the same hash, in whatever order they came. */
export class MultisetHash {
  #sum = 0n;
  #count = 0;

  add(member: bigint): void {
    this.#sum = (this.#sum + member) % MODULUS;
    this.#count += 1;
  }

  delete(member: bigint): void {
    this.#sum = (this.#sum - member + MODULUS) % MODULUS;
    this.#count -= 1;
  }

  get count(): number {
    return this.#count;
  }

  /** 32 hexadecimal characters; the empty hash for no members, and only for them. */
  toString(): string {
    if (this.#count === 0) return EMPTY_HASH;
    // A sum of 0 would tell a data plane that it has nothing at all.
    return (this.#sum === 0n ? 1n : this.#sum).toString(16).padStart(32, '0');
  }
}
