/**
 * Which of the tests run: those of the gate, or the long ones of `deno task test:long`, too.
 *
 * @module
 */

/** Whether the long versions of tests are to run: more rounds, clients and combinations. */
export const isLong = Deno.env.get("HERD_TEST_LONG") === "1";
