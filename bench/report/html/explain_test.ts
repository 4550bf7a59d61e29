import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { designs } from "../../../servers/designs.ts";
import { words } from "./words.ts";
import { explain, explainSweep } from "./explain.ts";
import { record, rounds, type TrialFixture } from "../fixture_test.ts";
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

Deno.test("explain() says what a design does, what the book found, what this run shows, and why", () => {
  const { does, book, here, why } = explained(trials, "fork-per-client");
  assertEquals([does, why], [words["fork-per-client"]!.does, words["fork-per-client"]!.why]);
  assertStringIncludes(
    book!,
    "Row 1 of Table 30.1: 20.90 s in the third edition (the dearest of 8)",
  );
  assertStringIncludes(book!, "504.2 s on Solaris (the dearest of 7)");
  assertStringIncludes(
    here,
    "1000 µs of CPU a connection, the dearest of 2, 10.0 times the baseline.",
  );
  assertStringIncludes(here, "Process control: +0.900 s (range +0.800 to +1.000, 3 rounds).");
});

Deno.test("explain() ranks in the book by system, and tells how a pool spread its clients", () => {
  const { book, here } = explained(trials, "prefork-mutex");
  assertMatch(book!, /1\.75 s in the third edition \(2nd cheapest of 8\), 21\.5 s on Solaris/);
  assertStringIncludes(here, "The busiest child served 1.50 times the clients of the idlest.");
});

Deno.test("explain() needs no words: the registry's do, and for a stranger the record's", () => {
  const summary = summarize(record([{ design: "new" }, { design: "stranger" }]), [
    { id: "new", title: "A new one", children: "fork", accepts: "every child", lifetime: "pool" },
  ]);
  const [known, stranger] = summary.designs.map((design) => explain(design, summary));
  assertEquals(known!.does, "A new one. Children: fork(2). Who accepts: every child.");
  assertEquals([known!.book, known!.why], [null, null]);
  assertStringIncludes(stranger!.does, "Not registered");
});

Deno.test("explain() says so where no trial counts", () => {
  const { here } = explained([{ design: "prefork-mutex", failed: "lost" }], "prefork-mutex");
  assertEquals(here, "No trial of it counts.");
});

Deno.test("explainSweep() tells the first and the last point", () => {
  const point = (poolSize: number, cpu: number) => ({ design: "prefork-mutex", poolSize, cpu });
  const points = sweepPoints(record(
    [{ design: "iterative", cpu: 0.1 }, point(15, 0.2), point(30, 0.25), point(45, 0.4)],
    { sweep: { parameter: "children", values: [15, 30, 45] } },
  ));
  const { here } = explainSweep("prefork-mutex", points);
  assertEquals(here, "Process control: +0.100 s at 15, +0.300 s at 45.");
});

Deno.test("words are of registered designs", () => {
  const ids = designs.map(({ id }) => id);
  assertEquals(Object.keys(words).filter((id) => !ids.includes(id)), []);
});
