import { crc32 } from 'node:zlib';
import type { GzipPart } from './gzip-parts.ts';
import { compressedPart, textOfPart } from './gzip-parts.ts';

// Larger buckets compress better, smaller ones are faster to replace: 256 entities cost 2.6 % in size and about 1 ms.
const ENTITIES_PER_BUCKET = 128;

// Room for the changes of a moment; with thousands of buckets, plain text would take ten times the memory.
const MAX_OPEN_BUCKETS = 16;

/** The compressed texts of a bucket, joined by commas. */
interface PackedTexts {
  readonly part: GzipPart;
  /** Of each text, so that they can be told apart again. */
  readonly lengths: readonly number[];
}

/** Has `texts`, `packed`, or as long as they agree both. */
interface Bucket {
  /** Sorted, so that the text depends on what the bucket holds and not on how it came about. */
  ids: string[];
  /** In the order of the ids. */
  texts: string[] | undefined;
  packed: PackedTexts | undefined;
}

/**
 * The encoded entities of one collection, in buckets that are compressed separately. What has not changed of late is there in
 * compressed form only, a tenth of the size.
 * Which bucket holds an entity follows from its id and from the number of entities alone (linear hashing): adding or
 * removing one re-encodes one bucket, or three when the number of buckets changes, and the order of events leaves no trace.
 */
export class BucketedFragments {
  readonly #buckets: Bucket[] = [];
  /** Those that have `texts`. */
  readonly #open = new Set<Bucket>();
  #size = 0;

  constructor() {
    this.#append([], []);
  }

  get size(): number {
    return this.#size;
  }

  get(id: string): string | undefined {
    const bucket = this.#bucketOf(id);
    const at = positionOf(bucket.ids, id);
    return bucket.ids[at] === id ? this.#textsOf(bucket)[at] : undefined;
  }

  /** Every text with its id. */
  *entries(): Iterable<readonly [id: string, fragment: string]> {
    for (const bucket of this.#buckets) {
      const texts = bucket.texts ?? unpack(bucket.packed); // stays compressed: whoever reads everything reads it once
      for (const [at, id] of bucket.ids.entries()) yield [id, texts[at]!]; // there are as many texts as ids
    }
  }

  set(id: string, fragment: string): void {
    const bucket = this.#bucketOf(id);
    const texts = this.#textsOf(bucket);
    const at = positionOf(bucket.ids, id);
    const isKnown = bucket.ids[at] === id;
    if (isKnown && texts[at] === fragment) return;
    bucket.packed = undefined;
    texts.splice(at, Number(isKnown), fragment);
    if (isKnown) return;
    bucket.ids.splice(at, 0, id);
    this.#size += 1;
    this.#fit();
  }

  delete(id: string): void {
    const bucket = this.#bucketOf(id);
    const at = positionOf(bucket.ids, id);
    if (bucket.ids[at] !== id) return;
    this.#textsOf(bucket).splice(at, 1);
    bucket.ids.splice(at, 1);
    bucket.packed = undefined;
    this.#size -= 1;
    this.#fit();
  }

  /** The compressed buckets that hold something; commas go between them. Encodes those that changed. */
  parts(): GzipPart[] {
    return this.#buckets.filter((bucket) => bucket.ids.length > 0).map((bucket) => this.#close(bucket));
  }

  /** Leaves few texts uncompressed. To be called after any number of changes. */
  compact(): void {
    if (this.#open.size > MAX_OPEN_BUCKETS) for (const bucket of this.#open) this.#close(bucket);
  }

  #textsOf(bucket: Bucket): string[] {
    this.#open.add(bucket);
    bucket.texts ??= unpack(bucket.packed);
    return bucket.texts;
  }

  #close(bucket: Bucket): GzipPart {
    bucket.packed ??= pack(bucket.texts ?? []);
    bucket.texts = undefined;
    this.#open.delete(bucket);
    return bucket.packed.part;
  }

  #append(ids: string[], texts: string[]): void {
    const bucket: Bucket = { ids, texts, packed: undefined };
    this.#buckets.push(bucket);
    this.#open.add(bucket);
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
    const texts = this.#textsOf(source);
    const goes = source.ids.map((id) => addressOf(id, index + 1) === index);
    this.#append(
      source.ids.filter((_, at) => goes[at]),
      texts.filter((_, at) => goes[at]),
    );
    source.ids = source.ids.filter((_, at) => !goes[at]);
    source.texts = texts.filter((_, at) => !goes[at]);
    source.packed = undefined;
  }

  #merge(): void {
    const last = this.#buckets.pop()!; // there are at least two
    const target = this.#buckets[partnerOf(this.#buckets.length)]!; // a partner lies below its index
    const textOf = new Map([...pairsOf(target.ids, this.#textsOf(target)), ...pairsOf(last.ids, this.#textsOf(last))]);
    target.ids = [...textOf.keys()].sort();
    target.texts = target.ids.map((id) => textOf.get(id)!); // the keys are those of the map
    target.packed = undefined;
    this.#open.delete(last);
  }
}

function pack(texts: readonly string[]): PackedTexts {
  return { part: compressedPart(texts.join(',')), lengths: texts.map((text) => text.length) };
}

function unpack(packed: PackedTexts | undefined): string[] {
  if (packed === undefined) return [];
  const joined = textOfPart(packed.part);
  let end = -1;
  return packed.lengths.map((length) => {
    const start = end + 1; // after the comma
    end = start + length;
    return joined.slice(start, end);
  });
}

const pairsOf = (ids: readonly string[], texts: readonly string[]): (readonly [string, string])[] =>
  ids.map((id, at) => [id, texts[at]!]); // there are as many texts as ids

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
