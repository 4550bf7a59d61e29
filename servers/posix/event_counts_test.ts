import { assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { closing, waitToBeKilled } from "../testing/fork.ts";
import { pipe } from "./descriptors.ts";
import { EventCounts, eventsBetween, uncountedEvents } from "./event_counts.ts";
import { readText } from "./files.ts";
import { fork, forkAgain } from "./fork.ts";
import { close, read, write } from "./io.ts";
import { kill, wait } from "./processes.ts";
import { Signal } from "./signals.ts";

const uncounted = uncountedEvents();

/** Pages that a process writes to for the first time. */
const PAGES = 2000;

function touchPages(): void {
  const bytes = new Uint8Array(4096 * PAGES);
  for (let at = 0; at < bytes.length; at += 4096) bytes[at] = 1;
}

/** Page faults of a process so far: its own, and those of children that it has waited for (proc_pid_stat(5)). */
function faultsOf(pid: number): [own: number, children: number] {
  const fields = readText(`/proc/${pid}/stat`).split(") ")[1]!.split(" ").map(Number);
  return [fields[7]! + fields[9]!, fields[8]! + fields[10]!];
}

Deno.test({
  name: `EventCounts counts a process and what it makes, or only that${
    uncounted.pageFaults === undefined ? "" : ` (refused: ${uncounted.pageFaults})`
  }`,
  ignore: uncounted.pageFaults !== undefined,
  fn: () => {
    const [gate, open] = pipe();
    const [done, tell] = pipe();
    const pid = fork(() => {
      close(open);
      read(gate, new Uint8Array(1));
      wait(forkAgain(touchPages));
      touchPages();
      write(tell, new Uint8Array(1), 1);
      waitToBeKilled();
    });
    using _ = closing(gate, done, tell);
    using counts = new EventCounts("always", pid, true);
    using below = new EventCounts("always", pid, false);
    const before = [counts.read(), below.read()] as const;
    const [ownBefore, childrenBefore] = faultsOf(pid);
    close(open);
    read(done, new Uint8Array(1));
    const all = eventsBetween(before[0], counts.read()).pageFaults!;
    const made = eventsBetween(before[1], below.read()).pageFaults!;
    const [own, children] = faultsOf(pid);
    kill(pid, Signal.KILL);
    wait(pid);
    // Both are counted, and apart: a fork alone has many, too.
    assertGreater(children - childrenBefore, 100);
    assertGreater(own - ownBefore, 100);
    const isNear = (count: number, expected: number) =>
      assertLess(Math.abs(count - expected) / expected, 0.05, `${count}, not ${expected}`);
    isNear(made, children - childrenBefore);
    isNear(all, own - ownBefore + children - childrenBefore);
  },
});

Deno.test("EventCounts has no count of what uncountedEvents() names, with the reason", () => {
  using counts = new EventCounts("always", 0, true);
  const missing = Object.entries(counts.read()).flatMap(([name, count]) =>
    count === null ? [name] : []
  );
  assertEquals(missing, Object.keys(uncounted));
  for (const reason of Object.values(uncounted)) assertMatch(reason, /^E[A-Z]+: .*such|paranoid/);
});

Deno.test("EventCounts counts nothing if it is not to, nor by itself where there are no instructions", () => {
  using never = new EventCounts("never", 0, true);
  using auto = new EventCounts("auto", 0, true);
  assertEquals(Object.values(never.read()), [null, null, null, null]);
  const counted = Object.values(auto.read()).filter((count) => count !== null).length;
  assertEquals(counted > 0, uncounted.instructions === undefined);
});

Deno.test("eventsBetween() has no difference where one count is missing", () => {
  const from = { instructions: 5, cycles: null, pageFaults: 3, migrations: 2 };
  const to = { instructions: 9, cycles: 4, pageFaults: null, migrations: 2 };
  assertEquals(eventsBetween(from, to), {
    instructions: 4,
    cycles: null,
    pageFaults: null,
    migrations: 0,
  });
});
