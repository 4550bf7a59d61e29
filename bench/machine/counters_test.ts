import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { affinity } from "../../servers/posix/processes.ts";
import { machineSince, processorTimes, readCounters } from "./counters.ts";

const STAT = `cpu  1000 0 1000 9000 0 100 100 300 0 0
cpu0 300 0 300 1000 50 10 10 100 0 0
cpu1 700 0 700 8000 50 90 90 200 0 0
intr 1
`;

Deno.test("processorTimes() adds up the processors that are asked for, and no other", () => {
  assertEquals(processorTimes([0], STAT), { busySeconds: 6.2, stealSeconds: 1 });
  assertEquals(processorTimes([0, 1], STAT), { busySeconds: 22, stealSeconds: 3 });
  assertEquals(processorTimes([2], STAT), { busySeconds: null, stealSeconds: null });
});

Deno.test("readCounters() is of the processors that this process may use", () => {
  const [before, after] = [readCounters(), readCounters()];
  const { processors, busySeconds, seconds } = machineSince(before, after);
  assertEquals(processors, affinity().length);
  assertGreater(before.busySeconds!, 0);
  // In ticks of 10 ms.
  assertLess(busySeconds!, processors! * (seconds + 0.02));
});
