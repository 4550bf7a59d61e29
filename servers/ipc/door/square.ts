/**
 * The procedure of the book's example (UNP volume 2, listing 15.2): it squares a 64-bit integer.
 *
 * @module
 */
import type { DoorResult } from "./procedure.ts";

const LARGEST = 2n ** 63n - 1n;

/** Encodes an integer as a C `long`. */
export function toLong(value: bigint): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BigInt64Array([value]).buffer);
}

/** Decodes a C `long`. @throws {RangeError} if it has not 8 bytes. */
export function fromLong(bytes: Uint8Array<ArrayBuffer>): bigint {
  if (bytes.length !== 8) {
    throw new RangeError(`Cannot read ${bytes.length} bytes as an integer: send 8 bytes`);
  }
  return new BigInt64Array(bytes.slice().buffer)[0]!;
}

/** Squares an integer. @throws {RangeError} if the square exceeds 64 bits. */
export default function square(_cookie: unknown, data: Uint8Array<ArrayBuffer>): DoorResult {
  const value = fromLong(data);
  const result = value * value;
  if (result > LARGEST) {
    throw new RangeError(
      `Cannot square ${value}: the square exceeds 2^63−1; ` +
        "use an integer from −3037000499 to 3037000499",
    );
  }
  return { data: toLong(result) };
}
