/**
 * The procedure of the document's example (listing 15.2): a 64-bit integer comes, its square goes back.
 *
 * @module
 */
import type { DoorResult } from "./procedure.ts";

const LARGEST = 2n ** 63n - 1n;

/** The integer as the eight bytes of a C `long`. */
export function toLong(value: bigint): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new BigInt64Array([value]).buffer);
}

/** The integer that those eight bytes are. */
export function fromLong(bytes: Uint8Array<ArrayBuffer>): bigint {
  if (bytes.length !== 8) {
    throw new RangeError(`Cannot read ${bytes.length} bytes as an integer: send the 8 of a long`);
  }
  return new BigInt64Array(bytes.slice().buffer)[0]!;
}

/** Squares an integer. @throws {RangeError} where the square does not fit. */
export default function square(_cookie: unknown, data: Uint8Array<ArrayBuffer>): DoorResult {
  const value = fromLong(data);
  const result = value * value;
  if (result > LARGEST) {
    throw new RangeError(
      `Cannot square ${value}: the square is beyond 2^63−1; ` +
        "write an integer from −3037000499 to 3037000499",
    );
  }
  return { data: toLong(result) };
}
