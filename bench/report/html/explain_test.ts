import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { designs } from "../../../servers/designs.ts";
import { DESIGN_WORDS } from "./words.ts";
import { explain, explainSweep } from "./explain.ts";
import { record, rounds, type TrialFixture } from "../testing_fixture.ts";
import { summarize } from "../summary/summary.ts";
import { sweepPoints } from "../summary/sweep.ts";

const explained = (trials: readonly TrialFixture[], id: string) => {
  const summary = summarize(record(trials));
  return explain(summary.designs.find((design) => design.id === id)!, summary);
};

const trials = [
  ...rounds("iterative", [0.1, 0.1, 0.1]),
  ...rounds("fork-per-client", [0.9, 1, 1.1]),
  ...rounds("prefork-mutex", [0.2, 0.2, 0.2], { children: [600, 400] }),
];

Deno.test("explain() gives the description, the results of the book and of this run, and the reason", () => {
  const { does, book, here, why } = explained(trials, "fork-per-client");
  assertEquals([does, why], [
    DESIGN_WORDS["fork-per-client"]!.does,
    DESIGN_WORDS["fork-per-client"]!.why,
  ]);
  assertStringIncludes(
    book!,
    "Row 1 of Table 30.1: 20.90 s in the third edition (the most expensive of 8)",
  );
  assertStringIncludes(book!, "504.2 s on Solaris (the most expensive of 7)");
  assertStringIncludes(
    here,
    "1000 µs CPU per connection, the most expensive of 2, 10.0 times the baseline.",
  );
  assertStringIncludes(here, "Process control: +0.900 s (range +0.800 to +1.000, 3 rounds).");
});

Deno.test("explain() ranks the book's results by system, and reports the distribution of a pool", () => {
  const { book, here } = explained(trials, "prefork-mutex");
  assertMatch(book!, /1\.75 s in the third edition \(2nd cheapest of 8\), 21\.5 s on Solaris/);
  assertStringIncludes(
    here,
    "The busiest child served 1.50 times as many clients as the least busy one.",
  );
});

Deno.test("explain() describes a design without words by its registry row, an unregistered one by its record", () => {
  const summary = summarize(record([{ design: "new" }, { design: "unregistered" }]), [
    { id: "new", title: "A new one", children: "fork", accepts: "every child", lifetime: "pool" },
  ]);
  const [registered, unregistered] = summary.designs.map((design) => explain(design, summary));
  assertEquals(registered!.does, "A new one. Children: fork(2). Accept by: every child.");
  assertEquals([registered!.book, registered!.why], [null, null]);
  assertStringIncludes(unregistered!.does, "Not registered");
});

Deno.test("explain() reports a design without a valid trial", () => {
  const { here } = explained([{ design: "prefork-mutex", failed: "lost" }], "prefork-mutex");
  assertEquals(here, "No valid trial.");
});

Deno.test("explainSweep() gives the first and the last point", () => {
  const point = (poolSize: number, cpu: number) => ({ design: "prefork-mutex", poolSize, cpu });
  const points = sweepPoints(record(
    [{ design: "iterative", cpu: 0.1 }, point(15, 0.2), point(30, 0.25), point(45, 0.4)],
    { sweep: { parameter: "children", values: [15, 30, 45] } },
  ));
  const { here } = explainSweep("prefork-mutex", points);
  assertEquals(here, "Process control: +0.100 s at 15, +0.300 s at 45.");
});

Deno.test("DESIGN_WORDS describe registered designs", () => {
  const ids = designs.map(({ id }) => id);
  assertEquals(Object.keys(DESIGN_WORDS).filter((id) => !ids.includes(id)), []);
});
