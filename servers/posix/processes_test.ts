import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertThrows,
} from "@std/assert";
import { closing, evaluate, forkReady, inChild, waitFor, waitToBeKilled } from "../testing/fork.ts";
import { usage } from "./clocks.ts";
import { pipe } from "./descriptors.ts";
import { Errno, hasErrno, SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { fork, forkAgain } from "./fork.ts";
import { close, read } from "./io.ts";
import { shareMemory } from "./memory.ts";
import {
  affinity,
  affinityMask,
  becomeSubreaper,
  currentProcessor,
  descriptorLimit,
  dieWithParent,
  exitNow,
  freeDescriptors,
  getpid,
  getppid,
  kill,
  reapOne,
  setAffinity,
  startSession,
  wait,
  waitForExit,
} from "./processes.ts";
import { spawn } from "./programs.ts";
import { socketPair } from "./sockets.ts";
import { Signal } from "./signals.ts";
import { refuse } from "./testing_seccomp.ts";

/** A child that runs until it is killed. */
const sleeper = () => fork(waitToBeKilled);

/** What a program writes to a descriptor it inherits, and its exit code. */
function outputOf(start: (input: number) => number): { text: string; code: number | undefined } {
  const [output, input] = pipe();
  using _ = closing(output);
  const pid = start(input);
  close(input);
  const buffer = new Uint8Array(65536);
  const text = new TextDecoder().decode(buffer.subarray(0, read(output, buffer)));
  return { text, code: waitFor(pid).code };
}

const shell = (script: string, args: string[] = [], descriptors: number[] = []) =>
  spawn("/bin/sh", ["-c", script, ...args], descriptors);

Deno.test("wait() reports an exit code", () => {
  for (const code of [0, 7, 255]) {
    const pid = fork(() => code);
    const end = wait(pid);
    assertEquals([end?.pid, end?.code, end?.signal], [pid, code, undefined]);
  }
});

Deno.test("wait() reports the signal that terminated a process", () => {
  const pid = sleeper();
  kill(pid, Signal.KILL);
  const end = wait(pid);
  assertEquals([end?.pid, end?.code, end?.signal], [pid, undefined, Signal.KILL]);
});

Deno.test("wait() includes the usage of reaped descendants", () => {
  const work = () => {
    while (usage().user + usage().system < 0.05);
  };
  const { user, system } = inChild(() => void wait(forkAgain(work))).usage;
  assertGreaterOrEqual(user + system, 0.05);
});

Deno.test("wait() is undefined without children", () => {
  assertEquals(wait(getpid()), undefined);
  assertEquals(inChild(() => wait() === undefined ? 42 : 1).code, 42);
});

Deno.test("reapOne() reaps a child that has exited, once", () => {
  const pid = sleeper();
  assertEquals(reapOne(pid), undefined);
  kill(pid, Signal.TERM);
  waitForExit(pid, 5000);
  assertEquals(reapOne(pid)?.signal, Signal.TERM);
  assertEquals(reapOne(pid), undefined);
});

Deno.test("waitAsync() finds every child, and undefined after the last", async () => {
  const { code, stdout, stderr } = await evaluate(`
    import { fork } from "./posix/fork.ts";
    import { waitAsync } from "./posix/processes.ts";
    const pids = [fork(() => 3), fork(() => 4)];
    const ends = [await waitAsync(), await waitAsync()];
    const codes = pids.map((pid) => ends.find((end) => end?.pid === pid)?.code);
    console.log(JSON.stringify([...codes, await waitAsync() ?? "none"]));
  `);
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: '[3,4,"none"]\n', stderr: "" });
});

Deno.test("waitForExit() detects that a process has exited, and does not reap it", () => {
  const pid = sleeper();
  assertEquals(waitForExit(pid, 10), false);
  kill(pid, Signal.KILL);
  assertEquals(waitForExit(pid, 5000), true);
  assertEquals(wait(pid)?.signal, Signal.KILL);
  assertEquals(assertThrows(() => waitForExit(pid, 10), SystemError).code, "ESRCH");
});

for (const refused of ["ENOSYS", "EPERM"] as const) {
  Deno.test(`waitForExit() looks at /proc where pidfd_open fails with ${refused}`, () => {
    const pid = sleeper();
    const { code } = inChild(() => {
      refuse("pidfd_open", Errno[refused]);
      const before = waitForExit(pid, 10);
      kill(pid, Signal.KILL);
      // A zombie: it is not the child of this process.
      const after = waitForExit(pid, 5000);
      try {
        waitForExit(2 ** 30, 10);
      } catch (error) {
        return !before && after && hasErrno(error, Errno.ESRCH) ? 42 : 1;
      }
    });
    assertEquals([code, wait(pid)?.signal], [42, Signal.KILL]);
  });
}

Deno.test("kill() ignores a process that has exited, and throws for an unknown signal", () => {
  const { pid } = inChild(() => {});
  kill(pid, Signal.TERM);
  const { call, code } = assertThrows(() => kill(getpid(), 1000), SystemError);
  assertEquals({ call, code }, { call: "kill", code: "EINVAL" });
});

Deno.test("exitNow() exits immediately", () => {
  assertEquals(inChild(() => exitNow(42)).code, 42);
});

Deno.test("getpid() and getppid() are right in a child", () => {
  const pids = new Int32Array(shareMemory(8).buffer);
  const { pid } = inChild(() => void pids.set([getpid(), getppid()]));
  assertEquals([...pids], [pid, getpid()]);
});

Deno.test("becomeSubreaper() adopts orphans", () => {
  const orphan = new Int32Array(shareMemory(4).buffer);
  const { code } = inChild(() => {
    becomeSubreaper();
    wait(forkAgain(() => {
      orphan[0] = forkAgain(() => 42);
    }));
    const end = wait();
    return end && end.pid === orphan[0] ? end.code! : 1;
  });
  assertEquals(code, 42);
});

Deno.test("dieWithParent() terminates a process whose parent is killed", () => {
  const child = new Int32Array(shareMemory(4).buffer);
  const pid = forkReady((ready) => {
    const parent = getpid();
    forkAgain(() => {
      dieWithParent(parent, Signal.TERM);
      child[0] = getpid();
      ready();
      waitToBeKilled();
    });
    waitToBeKilled();
  });
  assertEquals(waitForExit(child[0]!, 10), false);
  kill(pid, Signal.KILL);
  waitFor(pid);
  assert(goneWithin(child[0]!, 5000));
});

/** Like `waitForExit`; true if the process does not exist any more. */
function goneWithin(pid: number, milliseconds: number): boolean {
  try {
    return waitForExit(pid, milliseconds);
  } catch (error) {
    if (error instanceof SystemError && error.code === "ESRCH") return true;
    throw error;
  }
}

Deno.test("dieWithParent() exits at once if the parent is dead already", () => {
  const notTheParent = inChild(() => {}).pid;
  const { code } = inChild(() => {
    dieWithParent(notTheParent, Signal.KILL);
    return 1;
  });
  assertEquals(code, 137);
});

Deno.test("startSession() makes a child a session leader, and may be called twice", () => {
  const session = new Int32Array(shareMemory(4).buffer);
  const { pid, code } = inChild(() => {
    startSession();
    startSession();
    session[0] = Number(readText("/proc/self/stat").split(") ")[1]!.split(" ")[3]);
  });
  assertEquals([code, session[0]], [0, pid]);
});

Deno.test("setAffinity() restricts a child and not its parent", () => {
  const before = affinity();
  assertGreater(before.length, 0);
  const last = before.at(-1)!;
  const { code } = inChild(() => {
    setAffinity([last]);
    const [cpu, ...others] = affinity();
    return cpu === last && others.length === 0 ? 42 : 1;
  });
  assertEquals(code, 42);
  assertEquals(affinity(), before);
});

Deno.test("affinity() grows a mask that is too short, as 1024 bits are for more CPUs", () => {
  // As the kernel says of a mask shorter than its own, or of no whole number of longs.
  assertEquals(affinity(1), affinity());
});

Deno.test("affinityMask() has room for every processor", () => {
  assertEquals([affinityMask([0, 9]).length, affinityMask([1023]).length], [128, 128]);
  const mask = affinityMask([1, 1024, 5000]);
  assertEquals([mask.length, mask[0], mask[128], mask[625]], [632, 2, 1, 1]);
  // More than the kernel's own mask has, which it takes no notice of.
  const { code } = inChild(() => {
    setAffinity([affinity()[0]!, 8191]);
    return affinity().length === 1 ? 42 : 1;
  });
  assertEquals(code, 42);
});

Deno.test("setAffinity() refuses processors that do not exist", () => {
  const { call, code } = assertThrows(() => setAffinity([]), SystemError);
  assertEquals({ call, code }, { call: "sched_setaffinity", code: "EINVAL" });
});

Deno.test("currentProcessor() is the processor in the affinity mask", () => {
  const processors = affinity();
  for (const processor of processors) {
    const code = inChild(() => {
      setAffinity([processor]);
      return currentProcessor();
    }).code;
    assertEquals(code, processor);
  }
});

Deno.test("descriptorLimit() agrees with the shell's ulimit", () => {
  const { text } = outputOf((fd) => shell(`ulimit -n >/dev/fd/${fd}`, [], [fd]));
  assertEquals(descriptorLimit(), Number(text));
});

Deno.test("freeDescriptors() counts those that are left below the limit", () => {
  const free = freeDescriptors();
  const pair = socketPair();
  assertEquals(freeDescriptors(), free - 2);
  pair.forEach(close);
  assertEquals(freeDescriptors(), free);
});
