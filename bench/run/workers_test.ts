import { assertEquals } from "@std/assert";
import { type Counts, workersOf } from "./workers.ts";

const process = (pid: number, name = "serve") => ({ pid, name });

/** A parent that listens, as its two workers do, and a helper that does not. */
const server = {
  parent: process(1),
  children: [process(2), process(3), process(4)],
  workers: { listening: [1, 2, 3], served: null },
};

const counts = (all: Record<string, number>): Counts => new Map(Object.entries(all));

/** Process, or name, and connections of each worker. */
const told = (...args: Parameters<typeof workersOf>) =>
  workersOf(...args)?.workers.map(({ pid, name, connections }) => [pid ?? name, connections]);

Deno.test("workersOf() takes who served, and who listens beside them: no helper, and no idle parent", () => {
  assertEquals(told("trace", counts({ 2: 9, 3: 1 }), 10, server), [[2, 9], [3, 1]]);
  assertEquals(told("trace", counts({ 2: 10 }), 10, server), [[2, 10], [3, 0]]);
  assertEquals(told("sockets", counts({ 1: 4, 3: 6 }), 10, server), [[1, 4], [2, 0], [3, 6]]);
});

Deno.test("workersOf() takes workers by their name where only the parent listens", () => {
  const passing = {
    ...server,
    children: [process(2), process(3), process(4, "logger")],
    workers: { listening: [1], served: null },
  };
  assertEquals(told("trace", counts({ 2: 10 }), 10, passing), [[2, 10], [3, 0]]);
});

Deno.test("workersOf() knows nothing if the counts are not of exactly these connections", () => {
  assertEquals(workersOf("trace", counts({ 2: 9, 3: 1 }), 11, server), null);
  assertEquals(workersOf("trace", counts({}), 1, server), null);
});

Deno.test("workersOf() adds up what processes served that have ended", () => {
  assertEquals(told("trace", counts({ 2: 5, 77: 3, 78: 2 }), 10, server), [[2, 5], [3, 0], [
    null,
    5,
  ]]);
});

Deno.test("workersOf() finds processes by what replies say, or takes names for what they are", () => {
  assertEquals(told("header", counts({ 3: 10 }), 10, server), [[2, 0], [3, 10]]);
  const named = counts({ "worker 10": 1, "worker 9": 3 });
  assertEquals(told("header", named, 4, server), [["worker 9", 3], ["worker 10", 1]]);
  const unique = counts({ "request 1": 1, "request 2": 1, "request 3": 1 });
  assertEquals(told("header", unique, 3, server), undefined);
});
