/**
 * Stands in for `jsr:@std/assert` where JSR is out of reach: the assertions Herd uses, over
 * `node:assert`. Every failure throws an {@linkcode AssertionError}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals({ clients: 10 }, { clients: 10 });
 * ```
 *
 * @module
 */
import { deepStrictEqual } from "node:assert";
import { isDeepStrictEqual } from "node:util";

/** What every failed assertion throws. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

// deno-lint-ignore no-explicit-any
type Class<T> = abstract new (...args: any[]) => T;

const show = (value: unknown) => Deno.inspect(value);

/** Throws where something does not hold, with the caller's words if there are any. */
function check(holds: boolean, text: string, msg?: string, details = ""): asserts holds {
  if (!holds) throw new AssertionError(`${text}${msg ? `: ${msg}` : "."}${details}`);
}

/** Asserts that `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Asserts that two values are deeply equal; as in the published package, -0 equals 0. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) return;
  check(false, "Values are not equal", msg, `\n${diff(actual, expected)}`);
}

/** Asserts that two values are not deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  check(!equal(actual, expected), `Expected actual: ${show(actual)} to be another value`, msg);
}

/** Asserts that `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  const text = `Expected actual: "${actual}" to contain: "${expected}"`;
  check(actual.includes(expected), text, msg);
}

/** Asserts that `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  check(expected.test(actual), `Expected actual: "${actual}" to match: "${expected}"`, msg);
}

/** Asserts that two numbers differ by at most `tolerance` (default: 1e-7 of `expected`). */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance: number = Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7,
  msg?: string,
): void {
  const isClose = Object.is(actual, expected) || Math.abs(expected - actual) <= tolerance;
  check(isClose, `Expected actual: "${actual}" to be within ${tolerance} of "${expected}"`, msg);
}

/** Asserts that `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  check(actual > expected, `Expected ${show(actual)} > ${show(expected)}`, msg);
}

/** Asserts that `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  check(actual >= expected, `Expected ${show(actual)} >= ${show(expected)}`, msg);
}

/** Asserts that `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  check(actual < expected, `Expected ${show(actual)} < ${show(expected)}`, msg);
}

/** Asserts that `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  check(actual <= expected, `Expected ${show(actual)} <= ${show(expected)}`, msg);
}

/** Asserts that `fn` throws an `ErrorClass` whose message includes `msgIncludes`; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: Class<E>,
  msgIncludes = "",
  msg?: string,
): E {
  try {
    fn();
  } catch (error) {
    return expected(error, ErrorClass, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to throw${msg ? `: ${msg}` : "."}`);
}

/** Asserts that the promise of `fn` rejects with such an error; resolves to it. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: Class<E>,
  msgIncludes = "",
  msg?: string,
): Promise<E> {
  let promise;
  try {
    promise = fn();
  } catch { /* a throw is not a rejection */ }
  check(typeof promise?.then === "function", "Function throws when expected to reject", msg);
  try {
    await promise;
  } catch (error) {
    return expected(error, ErrorClass, msgIncludes, msg);
  }
  throw new AssertionError(`Expected function to reject${msg ? `: ${msg}` : "."}`);
}

/** What was thrown, once it is known for an error of that class with these words. */
function expected<E extends Error>(
  error: unknown,
  ErrorClass: Class<E>,
  msgIncludes: string,
  msg?: string,
): E {
  const isOne: boolean = error instanceof ErrorClass;
  check(isOne, `Expected ${show(error)} to be an instance of "${ErrorClass.name}"`, msg);
  assertStringIncludes((error as E).message, msgIncludes, msg);
  return error as E;
}

function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b) || isDeepStrictEqual(plain(a), plain(b));
}

/** Evens out what `node:assert` tells apart and the published package does not: -0, and no prototype. */
function plain(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  if (![null, Object.prototype].includes(Object.getPrototypeOf(value))) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** The difference in the words of `node:assert`, less its headline. */
function diff(actual: unknown, expected: unknown): string {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    return (error as Error).message.split("\n").slice(1).join("\n");
  }
  return "";
}
