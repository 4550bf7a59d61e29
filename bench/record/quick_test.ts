import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../../servers/testing/process.ts";
import { trial } from "../report/testing_fixture.ts";
import { LEFT, readerOf } from "./quick.ts";
import { Trial } from "./record.ts";

const quick = readerOf(Trial);

/** As JSON, with the order of fields; undefined: zod refuses it. */
function byZod(value: unknown): string | undefined {
  const { success, data } = Trial.safeParse(value);
  return success ? JSON.stringify(data) : undefined;
}

Deno.test("readerOf() reads every trial of the reference runs as zod does", () => {
  for (const run of ["reference", "reference/sweep"]) {
    const text = Deno.readTextFileSync(`${ROOT}results/${run}/trials.jsonl`);
    for (const line of text.trimEnd().split("\n")) {
      assertEquals(JSON.stringify(quick(JSON.parse(line))), byZod(JSON.parse(line)));
    }
  }
});

/** What somebody may have written in place of a value. */
const WRONG: readonly unknown[] = [
  ...[null, true, "", "x", "ok", "2025-13-01T00:00:00Z", "x".repeat(1_000_001), [], [0], {}],
  ...[{ user: 1 }, -1, 0.5, 1e10, 2 ** 53, NaN, Infinity, 7],
];

/** All values like this one, with one part wrong, missing or new. */
function* spoiled(value: unknown): Generator<unknown> {
  yield* WRONG;
  if (typeof value !== "object" || value === null) return;
  const whole = value as Record<string, unknown>;
  const copy = (changed: object) => Array.isArray(value) ? Object.values(changed) : changed;
  for (const name of Object.keys(whole)) {
    for (const part of spoiled(whole[name])) yield copy({ ...whole, [name]: part });
    const { [name]: _, ...rest } = whole;
    yield copy(rest);
  }
  yield copy({ ...whole, more: 1 });
  yield copy({ ...whole, ...JSON.parse('{"__proto__":1}') });
}

Deno.test("readerOf() reads nothing that zod refuses, and the rest as zod does, or leaves it to zod", () => {
  const memory = { peak: 2, mean: 1 };
  const whole = trial({ design: "pool", children: [600, 400], memory });
  const none = { cpu: null, client: null, memory: null };
  let [read, left] = [0, 0];
  for (const value of [...spoiled(whole), ...spoiled({ ...whole, ...none })]) {
    const made = quick(value);
    if (made === LEFT) left++;
    else {
      read++;
      assertEquals(JSON.stringify(made), byZod(value));
    }
  }
  assert(read > 300 && left > 2000, `${read} read, ${left} left`);
});
