import { assertEquals } from "@std/assert";
import { editDistance, nearest } from "./nearest.ts";
import { designs } from "./designs.ts";

Deno.test("editDistance() counts letters inserted, left out, replaced and swapped", () => {
  for (
    const [a, b, distance] of [
      ["bench", "bench", 0],
      ["benhc", "bench", 1],
      ["benc", "bench", 1],
      ["bentch", "bench", 1],
      ["bunch", "bench", 1],
      ["", "bench", 5],
      ["bench", "", 5],
      ["kitten", "sitting", 3],
    ] as const
  ) assertEquals(editDistance(a, b), distance, `${a} ${b}`);
});

Deno.test("nearest() finds the name that was meant, and none for another word", () => {
  const ids = designs.map(({ id }) => id);
  assertEquals(nearest("prefork-mutx", ids), "prefork-mutex");
  assertEquals(nearest("prethraed-mutex", ids), "prethread-mutex");
  assertEquals(nearest("dor", ids), "door");
  for (const other of ["prefork", "nginx", "x", ""]) assertEquals(nearest(other, ids), undefined);
});
