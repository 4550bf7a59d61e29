import { assertEquals } from "@std/assert";
import { designs } from "../../../servers/designs.ts";
import { record } from "../testing_fixture.ts";
import { makingsOf, matrixOf } from "./matrix.ts";
import { summarize } from "../summary/summary.ts";

Deno.test("matrixOf() has threads and processes with the same way to accept in one row", () => {
  const summary = summarize(record([
    { design: "prefork-mutex", cpu: 0.1 },
    { design: "prethread-mutex", cpu: 1 },
    { design: "thread-per-client", cpu: 10 },
  ]));
  assertEquals(
    matrixOf(summary).map(({ accepts, cells }) => [
      accepts,
      Object.entries(cells).map(([making, placed]) =>
        placed!.map(({ design, heat }) => [making, design.id, heat])
      ).flat(),
    ]),
    [
      ["every child, in a mutex", [["fork", "prefork-mutex", 0], [
        "worker",
        "prethread-mutex",
        0.5,
      ]]],
      ["the parent, then a new child for each client", [["worker", "thread-per-client", 1]]],
    ],
  );
  assertEquals(makingsOf(summary), ["fork", "worker"]);
});

Deno.test("matrixOf() includes every registered design, and no others", () => {
  const ids = designs.map(({ id }) => id);
  const summary = summarize(record([...ids, "unregistered"].map((design) => ({ design }))));
  const placed = matrixOf(summary).flatMap(({ cells }) =>
    Object.values(cells).flatMap((some) => some.map(({ design }) => design.id))
  );
  assertEquals(placed.toSorted(), ids.toSorted());
});

Deno.test("matrixOf() includes a design without a valid trial, without heat", () => {
  const [row] = matrixOf(summarize(record([{ design: "prefork-mutex", failed: "lost" }])));
  assertEquals(row!.cells.fork!.map(({ heat }) => heat), [null]);
});
