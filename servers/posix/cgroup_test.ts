import { assertEquals, assertGreater } from "@std/assert";
import { forkReady, waitFor } from "../testing/fork.ts";
import { usage } from "./clocks.ts";
import { Cgroup, hierarchies, removeLeftoverCgroup } from "./cgroup.ts";
import { getpid, kill, waitForExit } from "./processes.ts";
import { Signal } from "./signals.ts";

const total = ({ user, system }: { user: number; system: number }) => user + system;

/** Uses so many CPU seconds from now on. */
function work(seconds: number): void {
  const end = total(usage()) + seconds;
  while (total(usage()) < end);
}

const kinds = hierarchies().filter((hierarchy) => {
  const cgroup = Cgroup.create(getpid(), [hierarchy]);
  cgroup?.remove();
  return cgroup !== undefined;
});

Deno.test({
  name: "Cgroup.create() creates a cgroup (ignored without permission)",
  ignore: kinds.length === 0,
  fn: () => assertGreater(kinds.length, 0),
});

for (const kind of kinds) {
  Deno.test(`${kind.source}: a cgroup counts processes that enter it, and their children`, () => {
    const cgroup = Cgroup.create(getpid(), [kind])!;
    assertEquals(cgroup.source, kind.source);
    const pid = forkReady((ready) => {
      cgroup.enter();
      const child = forkReady((ready) => {
        work(0.1);
        ready();
      });
      waitFor(child);
      work(0.1);
      ready();
    });
    waitForExit(pid, 5000);
    const counted = cgroup.cpuSeconds;
    const { usage } = waitFor(pid); // including its child
    cgroup.remove();
    assertGreater(counted, 0.19);
    // CPU time from before they entered is not counted.
    assertGreater(total(usage), counted - 0.01);
  });

  Deno.test(`${kind.source}: a process that leaves a cgroup is not counted any more`, () => {
    const cgroup = Cgroup.create(getpid(), [kind])!;
    const pid = forkReady((ready) => {
      cgroup.enter();
      cgroup.leave();
      work(0.2);
      ready();
    });
    waitForExit(pid, 5000);
    assertGreater(0.15, cgroup.cpuSeconds);
    waitFor(pid);
    cgroup.remove();
  });

  Deno.test(`${kind.source}: removeLeftoverCgroup() removes it after its processes have exited`, () => {
    const cgroup = Cgroup.create(getpid(), [kind])!;
    const pid = forkReady((ready) => {
      cgroup.enter();
      ready();
      for (;;);
    });
    kill(pid, Signal.KILL);
    waitFor(pid);
    removeLeftoverCgroup(getpid());
    const again = Cgroup.create(getpid(), [kind])!;
    assertEquals(again.cpuSeconds, 0); // a new one
    again.remove();
  });
}
