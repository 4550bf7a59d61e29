import { assertEquals } from "@std/assert";
import { offsetBy } from "./offsets.ts";

Deno.test("offsetBy() takes the middle of the shortest round trip, and half of it as the bound", () => {
  const trips = [
    { before: 0, at: 9000, after: 1000 },
    { before: 2000, at: 7100, after: 2100 }, // the shortest
    { before: 3000, at: 8000, after: 3200 },
  ];
  assertEquals(offsetBy(trips), { nanoseconds: 5050, bound: 50 });
});

Deno.test("offsetBy() is within its bound, however long each way takes", () => {
  const [ahead, way] = [5e9, 300];
  for (const there of [0, 100, way]) {
    const { nanoseconds, bound } = offsetBy([{ before: 0, at: ahead + there, after: way }]);
    assertEquals(Math.abs(nanoseconds - ahead) <= bound, true, `${there}`);
  }
});
