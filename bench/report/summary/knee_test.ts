/** The knees of sweeps over rates. */
import { assertEquals } from "@std/assert";
import { kneesOf } from "./knee.ts";
import type { SweepData } from "./sweep.ts";

/** A sweep with these p99 in milliseconds by rate; null: no valid trial. */
function sweep(p99s: Readonly<Record<number, number | null>>): SweepData {
  const points = Object.entries(p99s).map(([rate, p99]) => ({
    value: Number(rate),
    summary: {
      designs: [
        { id: "iterative", isBaseline: true, latency: { p99: { median: 1 } } },
        { id: "a", isBaseline: false, latency: { p99: p99 && { median: p99 / 1000 } } },
      ],
    },
  }));
  return { parameter: "rate", points: points.toReversed(), rows: [] } as unknown as SweepData;
}

Deno.test("kneesOf() finds the highest rate up to which p99 is below the limit", () => {
  const found = kneesOf(sweep({ 100: 2, 200: 9, 300: 10, 400: 3 }), 10);
  assertEquals(found, [
    { design: "a", last: { rate: 200, p99: 0.009 }, first: { rate: 300, p99: 0.01 } },
  ]);
});

Deno.test("kneesOf() has no last rate where the lowest is too high, and no first where none is", () => {
  assertEquals(kneesOf(sweep({ 100: 20, 200: 5 }), 10)[0], {
    design: "a",
    last: undefined,
    first: { rate: 100, p99: 0.02 },
  });
  assertEquals(kneesOf(sweep({ 100: 2 }), 10)[0]!.first, undefined);
});

Deno.test("kneesOf() ends at a rate without a valid trial, and finds nothing without a limit", () => {
  assertEquals(kneesOf(sweep({ 100: 2, 200: null, 300: 2 }), 10)[0]!.first, {
    rate: 200,
    p99: null,
  });
  assertEquals(kneesOf(sweep({ 100: 2 }), null), []);
  assertEquals(kneesOf({ ...sweep({ 100: 2 }), parameter: "clients" }, 10), []);
});
