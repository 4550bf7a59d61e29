import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { ProcessState } from "../posix/process_tree.ts";
import { reportOf, type TreeState } from "./account.ts";

const none = { user: 0, system: 0 };

/** A process that has used so many CPU seconds, two thirds of them in user mode. */
function process(pid: number, cpu: number, more: Partial<ProcessState> = {}): ProcessState {
  const ticks = { user: Math.round(cpu * 200 / 3), system: Math.round(cpu * 100 / 3) };
  const switches = { voluntary: 10 * pid, involuntary: pid };
  const threads = new Map([[pid, { name: `p${pid}`, cpu }]]);
  return { pid, name: `p${pid}`, cpu, ticks, reaped: none, switches, threads, ...more };
}

function state(processes: readonly ProcessState[], ended = 0): TreeState {
  return {
    processes: new Map(processes.map((process) => [process.pid, process])),
    ended: { user: ended, system: 0, voluntary: 0, involuntary: 0 },
    otherAccount: { source: "schedstat", cpuSeconds: 0 },
    events: { instructions: null, cycles: null, pageFaults: 7, migrations: 0 },
  };
}

Deno.test("reportOf() gives each process what it used since, and the sum", () => {
  const { cpu, parent, children, switches } = reportOf(
    "mine",
    state([process(1, 3), process(2, 6)]),
    state([process(1, 6), process(2, 12), process(3, 3)]),
  );
  assertEquals([parent?.pid, parent?.name, parent?.cpu], [1, "p1", {
    user: 2,
    system: 1,
    total: 3,
  }]);
  assertEquals(children.map(({ pid, cpu }) => [pid, cpu.total]), [[2, 6], [3, 3]]);
  assertEquals([cpu.total, switches], [12, { voluntary: 30, involuntary: 3 }]);
  assertEquals(children.map(({ connections }) => connections), [null, null]);
});

Deno.test("reportOf() has no parent where there is one process", () => {
  const { parent, children } = reportOf("mine", state([process(1, 1)]), state([process(1, 2)]));
  assertEquals([parent, children.map(({ pid }) => pid)], [null, [1]]);
});

Deno.test("reportOf() counts processes that have ended, whoever has waited for them", () => {
  // Process 2 had used 3 s before. Process 1 has waited for it, and for another that used 1 s; the guard for a third.
  const reaped = { user: 300, system: 200 };
  const { cpu, children, switches } = reportOf(
    "mine",
    state([process(1, 1), process(2, 3)]),
    state([process(1, 2, { reaped })], 4),
  );
  assertEquals(switches, null);
  assertAlmostEquals(cpu.total, 1 + (5 - 3) + 4);
  assertEquals(children.map(({ pid, name }) => [pid, name]), [[null, null]]);
  assertAlmostEquals(children[0]!.cpu.total, 6);
});

Deno.test("reportOf() counts the threads of a process by their name", () => {
  const threads = (cpu: number) =>
    new Map([[1, { name: "main", cpu }], [2, { name: "io", cpu: 2 * cpu }], [3, {
      name: "io",
      cpu,
    }]]);
  const { children, switches } = reportOf(
    "mine",
    state([process(1, 4, { threads: threads(1) })]),
    state([process(1, 9, { threads: threads(2) })]),
  );
  // A thread that has ended used a second of the five.
  assertEquals(switches, null);
  assertEquals(children[0]!.threads, [
    { name: "main", count: 1, cpuSeconds: 1 },
    { name: "io", count: 2, cpuSeconds: 3 },
  ]);
});
