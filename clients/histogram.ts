/**
 * Histograms of latency with three significant digits, in the buckets and the encoding of HdrHistogram
 * (http://hdrhistogram.org, version 2), in the memory they are given.
 *
 * @module
 */
import { inflateSync } from "node:zlib";
import { bucketOf, highestIn } from "./buckets.ts";
import type { LoadReport } from "./protocol.ts";

/** Values below 2048 microseconds have a bucket of their own; of each higher power of two, 1024 have one. */
const BITS = 11;

/** The highest latency that can be recorded, in microseconds (36 minutes); longer ones count as that. */
const MAX = 2 ** 31 - 1;

const BUCKETS = bucketOf(MAX, BITS) + 1;

/** Cookies of version 2 with counts of variable length, plain and compressed. */
const COOKIE = 0x1c849313;
const COMPRESSED_COOKIE = 0x1c849314;

const DIGITS = 3; // significant ones

const HEADER_BYTES = 40;
const COMPRESSED_HEADER_BYTES = 8;

/** The most that a histogram can take: a count has up to nine bytes. */
const MOST_BYTES = HEADER_BYTES + 9 * BUCKETS;

/** Latencies of a histogram that count as one, in microseconds. */
export interface Bucket {
  readonly middle: number;
  readonly highest: number;
  readonly count: number;
}

/** Latencies in microseconds. */
export class Histogram {
  /** Bytes of a histogram's memory. */
  static readonly BYTES = 4 * BUCKETS;

  readonly #counts: Uint32Array;

  /** A histogram whose counts are in this memory, from a byte on. */
  constructor(memory = new ArrayBuffer(Histogram.BYTES), offset = 0) {
    this.#counts = new Uint32Array(memory, offset, BUCKETS);
  }

  /** Counts a latency, rounded to a microsecond. */
  record(microseconds: number): void {
    // From 1, as HdrHistogram counts.
    const value = Math.min(Math.max(1, Math.round(microseconds)), MAX);
    this.#counts[bucketOf(value, BITS)]!++;
  }

  /** Counts all latencies of another histogram. */
  add(other: Histogram): void {
    other.#counts.forEach((count, i) => this.#counts[i]! += count);
  }

  /**
   * Counts all latencies of a histogram in its encoding, that of `encode`.
   *
   * @throws {Error} if the text is no such histogram, or one with other buckets.
   */
  addEncoded(text: string): void {
    const compressed = Uint8Array.fromBase64(text);
    const outer = new DataView(compressed.buffer);
    if (compressed.length < COMPRESSED_HEADER_BYTES || outer.getInt32(0) !== COMPRESSED_COOKIE) {
      throw new Error("it does not begin as one of version 2");
    }
    const bytes = inflateSync(compressed.subarray(COMPRESSED_HEADER_BYTES), {
      maxOutputLength: MOST_BYTES,
    });
    const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const isOurs = bytes.length >= HEADER_BYTES && header.getInt32(0) === COOKIE &&
      header.getInt32(12) === DIGITS && header.getBigInt64(16) === 1n;
    if (!isOurs) throw new Error("it has other buckets");
    const end = HEADER_BYTES + header.getInt32(4);
    addCounts(this.#counts, bytes.subarray(HEADER_BYTES, end));
  }

  /** The buckets with latencies, the lowest first. */
  *buckets(): Generator<Bucket, void> {
    for (const [index, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const highest = highestIn(index, BITS);
      const lowest = index === 0 ? 0 : highestIn(index - 1, BITS) + 1;
      yield { middle: lowest + Math.floor((highest - lowest + 1) / 2), highest, count };
    }
  }

  /** Number of latencies. */
  get total(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** Upper bound of the bucket, in microseconds, that this share of the latencies does not exceed; 0: none. */
  quantile(share: number): number {
    // 0.999 of 1000 is a little more than 999 in binary, and would be the last.
    let left = Math.max(1, Math.ceil(share * this.total * (1 - Number.EPSILON)));
    const index = this.#counts.findIndex((count) => (left -= count) <= 0);
    return highestIn(Math.max(0, index), BITS);
  }

  /** The percentiles of a load's report, of latencies up to `max` seconds. */
  async summary(max: number): Promise<LoadReport["latency"]> {
    // The upper bound of a bucket may exceed the maximum.
    const quantile = (share: number) => Math.min(this.quantile(share) / 1e6, max);
    return {
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      p999: quantile(0.999),
      max,
      histogram: await this.encode(),
    };
  }

  /** The histogram, encoded and compressed, in base64. */
  async encode(): Promise<string> {
    const payload = encodeCounts(this.#counts);
    const bytes = new Uint8Array(HEADER_BYTES + payload.length);
    const header = new DataView(bytes.buffer);
    header.setInt32(0, COOKIE);
    header.setInt32(4, payload.length);
    header.setInt32(12, DIGITS);
    header.setBigInt64(16, 1n); // lowest value
    header.setBigInt64(24, BigInt(MAX)); // highest value
    header.setFloat64(32, 1); // unit
    bytes.set(payload, HEADER_BYTES);
    const deflate = new CompressionStream("deflate");
    const writer = deflate.writable.getWriter();
    writer.write(bytes);
    writer.close();
    const parts = await Array.fromAsync(deflate.readable);
    const compressed = Uint8Array.from(parts.flatMap((part) => [...part]));
    const result = new Uint8Array(COMPRESSED_HEADER_BYTES + compressed.length);
    new DataView(result.buffer).setInt32(0, COMPRESSED_COOKIE);
    new DataView(result.buffer).setInt32(4, compressed.length);
    result.set(compressed, COMPRESSED_HEADER_BYTES);
    return result.toBase64();
  }
}

/** Adds counts as `encodeCounts` writes them. */
function addCounts(counts: Uint32Array, bytes: Uint8Array): void {
  for (let at = 0, index = 0; at < bytes.length;) {
    let byte = bytes[at++]!;
    let value = byte % 128;
    for (let factor = 128; byte >= 128; factor *= 128) {
      byte = bytes[at++] ?? 0;
      value += byte % 128 * factor;
    }
    // ZigZag: an odd number is negative, a run of zeros.
    if (value % 2 === 1) index += (value + 1) / 2;
    else if (value === 0) index++;
    else if (index < BUCKETS) counts[index++]! += value / 2;
    else throw new Error("it has more buckets");
  }
}

/** The counts up to the last that is not 0, each in ZigZag LEB128; a run of zeros is its negative length. */
function encodeCounts(counts: Uint32Array): number[] {
  const bytes: number[] = [];
  const append = (value: number) => {
    let rest = value < 0 ? -2 * value - 1 : 2 * value; // may need 33 bits
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
    bytes.push(rest);
  };
  let zeros = 0;
  for (const count of counts) {
    if (count === 0) {
      zeros++;
      continue;
    }
    if (zeros > 0) append(zeros === 1 ? 0 : -zeros);
    zeros = 0;
    append(count);
  }
  return bytes;
}
