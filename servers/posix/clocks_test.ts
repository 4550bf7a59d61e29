import {
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import { forkReady, waitFor } from "../testing/fork.ts";
import {
  consumeCpu,
  monotonicNanoseconds,
  parseUsage,
  processCpu,
  RUSAGE_BYTES,
  threadCpu,
  usage,
} from "./clocks.ts";
import { readText } from "./files.ts";
import { shareMemory } from "./memory.ts";
import { getpid, waitForExit } from "./processes.ts";

const total = ({ user, system }: { user: number; system: number }) => user + system;

/** Works until this process has used so many CPU seconds. */
function work(seconds: number): void {
  while (total(usage()) < seconds);
}

Deno.test("processCpu() reads the clock of another process, and agrees with wait4", () => {
  const pid = forkReady((ready) => {
    work(0.1);
    ready();
    work(0.2);
  });
  const early = processCpu(pid)!;
  waitForExit(pid, 5000);
  const late = processCpu(pid)!;
  const left = total(waitFor(pid).usage);
  assertGreaterOrEqual(early, 0.1);
  assertLess(early, late);
  assertGreaterOrEqual(late, 0.2);
  assertAlmostEquals(late, left, 0.05 * left);
  assertEquals(processCpu(pid), undefined);
});

Deno.test("usage() grows with work, and a thread's is part of its process's", () => {
  const before = usage("thread");
  const until = performance.now() + 30;
  while (performance.now() < until);
  const [thread, process] = [usage("thread"), usage()];
  assertGreater(total(thread), total(before));
  assertGreaterOrEqual(total(process), total(thread));
  assertGreaterOrEqual(processCpu(getpid())!, total(process));
});

Deno.test("threadCpu() is the CPU time of one thread", () => {
  const tid = Number(readText("/proc/thread-self/stat").split(" ")[0]);
  const before = total(usage("thread"));
  const cpu = threadCpu(tid)!;
  const after = total(usage("thread"));
  // getrusage counts whole microseconds.
  assertGreaterOrEqual(cpu, before - 1e-6);
  assertLess(cpu, after + 2e-6);
});

Deno.test("consumeCpu() consumes the given CPU time on average, even if reading the clock takes longer", () => {
  for (const [turns, nanoseconds] of [[500, 100_000], [200_000, 500]] as const) {
    const before = total(usage("thread"));
    for (let turn = 0; turn < turns; turn++) consumeCpu(nanoseconds);
    const used = total(usage("thread")) - before;
    assertGreater(used, 0.9 * turns * nanoseconds / 1e9);
    // Interrupts, and in a virtual machine the time of others, are in it.
    assertLess(used, (nanoseconds < 1000 ? 20 : 1.5) * turns * nanoseconds / 1e9);
  }
});

Deno.test("threadCpu() is undefined for threads of other processes", () => {
  assertEquals(threadCpu(1), undefined);
});

Deno.test("parseUsage() parses a struct rusage at any offset", () => {
  const bytes = new Uint8Array(8 + RUSAGE_BYTES);
  const rusage = new DataView(bytes.buffer, 8);
  new BigInt64Array(bytes.buffer, 8, 4).set([1n, 250_000n, 2n, 500_000n]);
  new BigInt64Array(bytes.buffer, 8 + 128, 2).set([3n, 4n]);
  assertEquals(parseUsage(rusage), { user: 1.25, system: 2.5, voluntary: 3, involuntary: 4 });
});

Deno.test("monotonicNanoseconds() is the same clock in every process", () => {
  const before = monotonicNanoseconds();
  const seen = new Float64Array(shareMemory(8).buffer);
  waitFor(forkReady((ready) => {
    seen[0] = monotonicNanoseconds();
    ready();
  }));
  assertGreater(seen[0]!, before);
  assertGreater(monotonicNanoseconds(), seen[0]!);
});
