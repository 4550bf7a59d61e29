import { assertEquals } from "@std/assert";
import { inChild } from "../testing/fork.ts";
import { fork } from "./fork.ts";
import { FailureMessage } from "./failure_message.ts";
import { shareMemory } from "./memory.ts";
import { wait } from "./processes.ts";

Deno.test("FailureMessage are those of the process that died of an error", () => {
  const memory = shareMemory(2 * FailureMessage.BYTES).buffer;
  const message = new FailureMessage(memory, FailureMessage.BYTES);
  assertEquals([message.of(0), message.of(Deno.pid)], [undefined, undefined]);
  const pid = fork(() => message.write("ümlaut"));
  wait(pid);
  assertEquals([message.of(pid), message.of(0), message.of(pid + 1)], [
    "ümlaut",
    "ümlaut",
    undefined,
  ]);
  assertEquals(new FailureMessage(memory, 0).of(0), undefined);
});

Deno.test("FailureMessage are cut off where they do not fit, between two characters", () => {
  const message = new FailureMessage(shareMemory(FailureMessage.BYTES).buffer, 0);
  assertEquals(inChild(() => message.write("€".repeat(1000))).code, 0);
  assertEquals(message.of(0), "€".repeat(168));
});
