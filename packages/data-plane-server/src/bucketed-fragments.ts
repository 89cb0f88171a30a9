import { crc32 } from 'node:zlib';
import type { GzipPart } from './gzip-parts.ts';
import { compressedPart } from './gzip-parts.ts';

// Larger buckets compress better, smaller ones are faster to replace: 256 entities cost 2.6 % in size and about 1 ms.
const ENTITIES_PER_BUCKET = 128;

interface Bucket {
  /** Sorted, so that the text depends on what the bucket holds and not on how it came about. */
  ids: string[];
  part: GzipPart | undefined;
}

/**
 * The encoded entities of one collection, in buckets that are compressed separately.
 * Which bucket holds an entity follows from its id and from the number of entities alone (linear hashing): adding or
 * removing one re-encodes one bucket, or three when the number of buckets changes, and the order of events leaves no trace.
 */
export class BucketedFragments {
  readonly #fragments = new Map<string, string>();
  readonly #buckets: Bucket[] = [{ ids: [], part: undefined }];

  get size(): number {
    return this.#fragments.size;
  }

  set(id: string, fragment: string): void {
    const before = this.#fragments.get(id);
    if (before === fragment) return;
    this.#fragments.set(id, fragment);
    const bucket = this.#bucketOf(id);
    bucket.part = undefined;
    if (before !== undefined) return;
    bucket.ids.splice(positionOf(bucket.ids, id), 0, id);
    this.#fit();
  }

  delete(id: string): void {
    if (!this.#fragments.delete(id)) return;
    const bucket = this.#bucketOf(id);
    bucket.ids.splice(positionOf(bucket.ids, id), 1);
    bucket.part = undefined;
    this.#fit();
  }

  /** The compressed buckets that hold something; commas go between them. Encodes those that changed. */
  parts(): GzipPart[] {
    return this.#buckets.filter((bucket) => bucket.ids.length > 0).map((bucket) => this.#encode(bucket));
  }

  #encode(bucket: Bucket): GzipPart {
    bucket.part ??= compressedPart(bucket.ids.map((id) => this.#fragments.get(id)).join(','));
    return bucket.part;
  }

  #bucketOf(id: string): Bucket {
    return this.#buckets[addressOf(id, this.#buckets.length)]!; // an address is below the number of buckets
  }

  /** Grows or shrinks by single buckets until their number is what the number of entities asks for. */
  #fit(): void {
    const wanted = Math.max(1, Math.ceil(this.size / ENTITIES_PER_BUCKET));
    while (this.#buckets.length < wanted) this.#split();
    while (this.#buckets.length > wanted) this.#merge();
  }

  #split(): void {
    const index = this.#buckets.length;
    const source = this.#buckets[partnerOf(index)]!; // a partner lies below its index
    const stays = (id: string): boolean => addressOf(id, index + 1) !== index;
    this.#buckets.push({ ids: source.ids.filter((id) => !stays(id)), part: undefined });
    source.ids = source.ids.filter(stays);
    source.part = undefined;
  }

  #merge(): void {
    const last = this.#buckets.pop()!; // there are at least two
    const target = this.#buckets[partnerOf(this.#buckets.length)]!; // a partner lies below its index
    target.ids = [...target.ids, ...last.ids].sort();
    target.part = undefined;
  }
}

/** The bucket that is split to make, and takes back, bucket `index`: the same number without its highest bit. */
const partnerOf = (index: number): number => index - 2 ** (31 - Math.clz32(index));

function addressOf(id: string, buckets: number): number {
  if (buckets === 1) return 0;
  const mask = 2 ** (32 - Math.clz32(buckets - 1)) - 1;
  // Ids can be near each other; the multiplication carries every bit of the checksum to the low ones.
  const checksum = crc32(id);
  const mixed = Math.imul(checksum ^ (checksum >>> 15), 0x85eb_ca6b) >>> 0;
  const address = (mixed ^ (mixed >>> 13)) & mask;
  return address < buckets ? address : address & (mask >>> 1);
}

function positionOf(sorted: readonly string[], id: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
