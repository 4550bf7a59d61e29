import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { sleep } from "../../servers/posix/clocks.ts";
import { isStopped } from "../../servers/posix/files.ts";
import { kill, wait } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { forkReady, waitToBeKilled } from "../../servers/testing/fork.ts";
import { eventually, pause } from "../../servers/testing/process.ts";
import { SuspensionWatch } from "./suspension.ts";

Deno.test("SuspensionWatch sees a program that is stopped for a while", async () => {
  const pid = forkReady((ready) => (ready(), waitToBeKilled()));
  using watch = new SuspensionWatch([Deno.pid, pid]);
  await pause(600);
  assertEquals(watch.seconds, 0);
  kill(pid, Signal.STOP);
  await eventually("the stop", () => isStopped(pid) || undefined);
  await eventually("a look", () => watch.seconds > 0 || undefined);
  kill(pid, Signal.KILL);
  wait(pid);
});

Deno.test("SuspensionWatch sees that this process did not run", async () => {
  using watch = new SuspensionWatch([]);
  sleep(1700);
  await pause(0);
  assertGreaterOrEqual(watch.seconds, 1.1);
});
