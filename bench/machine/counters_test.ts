import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { affinity } from "../../servers/posix/processes.ts";
import { evaluate } from "../../servers/testing/fork.ts";
import { RunningProcess } from "../../servers/testing/process.ts";
import { conntrackCounter, machineSince, processorTimes, readCounters } from "./counters.ts";

const STAT = `cpu  1000 0 1000 9000 0 100 100 300 0 0
cpu0 300 0 300 1000 50 10 10 100 0 0
cpu1 700 0 700 8000 50 90 90 200 0 0
intr 1
`;

Deno.test("processorTimes() adds up the processors that are asked for, and no other", () => {
  assertEquals(processorTimes([0], STAT), {
    busySeconds: 6.2,
    stealSeconds: 1,
    softirqSeconds: 0.1,
  });
  assertEquals(processorTimes([0, 1], STAT), {
    busySeconds: 22,
    stealSeconds: 3,
    softirqSeconds: 1,
  });
  assertEquals(processorTimes([2], STAT), {
    busySeconds: null,
    stealSeconds: null,
    softirqSeconds: null,
  });
});

Deno.test("readCounters() is of the processors that this process may use", () => {
  const [before, after] = [readCounters(), readCounters()];
  const { processors, busySeconds, seconds } = machineSince(before, after);
  assertEquals(processors, affinity().length);
  assertGreater(before.busySeconds!, 0);
  // In ticks of 10 ms.
  assertLess(busySeconds!, processors! * (seconds + 0.02));
});

const [own, other] = affinity();

Deno.test({
  name:
    "readCounters() leaves out a busy processor that this process may not use (ignored with one)",
  ignore: other === undefined,
  fn: async () => {
    const busy = ["/bin/sh", "-c", "while :; do :; done"];
    await using _ = new RunningProcess(["taskset", "-c", String(other), ...busy]);
    const { stdout, stderr } = await evaluate(
      `
      import { machineSince, readCounters } from "../bench/machine/counters.ts";
      const before = readCounters();
      for (const end = performance.now() + 200; performance.now() < end;);
      console.log(JSON.stringify(machineSince(before, readCounters())));
    `,
      ["taskset", "-c", String(own)],
    );
    assertEquals(stderr, "");
    const { processors, busySeconds, ownSeconds, seconds } = JSON.parse(stdout);
    assertEquals(processors, 1);
    // One processor cannot be busy for longer, give or take the ticks; two could.
    assertLess(busySeconds, seconds + 0.03);
    assertGreater(busySeconds, 0);
    assertGreater(ownSeconds, 0);
  },
});

Deno.test("conntrackCounter() adds up what each processor counted, in hexadecimal", () => {
  const text = "entries  found drop early_drop\n00000001  00000000 0000000a 00000003\n" +
    "00000001  00000000 00000010 00000000\n";
  assertEquals(conntrackCounter(text, "drop"), 26);
  assertEquals(conntrackCounter("", "drop"), null);
});
