import { assertAlmostEquals, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { assertThrows } from "@std/assert";
import { closing, forkReady, sleep, waitFor } from "../testing.ts";
import { usage } from "./clocks.ts";
import { SystemError } from "./errors.ts";
import {
  childrenOf,
  contextSwitches,
  cpuTicks,
  descriptorsOf,
  hasExited,
  libcVersion,
  readText,
  tcpSocketsOn,
  TcpState,
  tryReadText,
} from "./files.ts";
import { fork, forkAgain } from "./fork.ts";
import { shareMemory } from "./memory.ts";
import { kill, waitForExit } from "./processes.ts";
import { Signal } from "./signals.ts";
import {
  boundAddress,
  close,
  connect,
  internetAddress,
  listen,
  read,
  socketPair,
  streamSocket,
  write,
} from "./sockets.ts";

Deno.test("readText() reads files whose size nobody knows before", () => {
  const maps = readText("/proc/self/maps");
  assertGreater(maps.length, 0);
  assertMatch(maps, /^[0-9a-f]+-[0-9a-f]+ .*\n$/s);
});

Deno.test("readText() reads all of a file", () => {
  const path = Deno.makeTempFileSync();
  try {
    // Three bytes a letter, so that letters lie across every power of two.
    for (const text of ["", "→".repeat(16384), "→".repeat(100_000)]) {
      Deno.writeTextFileSync(path, text);
      assertEquals(readText(path) === text, true);
    }
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("readText() says what it cannot read, and why", () => {
  const { call, code, message } = assertThrows(() => readText("/proc/none"), SystemError);
  assertEquals({ call, code }, { call: "open", code: "ENOENT" });
  assertMatch(message, /^Cannot read \/proc\/none: /);
  assertEquals(assertThrows(() => readText("/proc"), SystemError).code, "EISDIR");
});

Deno.test("tryReadText() is undefined where there is nothing to read", () => {
  assertEquals(tryReadText("/proc/none"), undefined);
  assertEquals(tryReadText("/proc/self/comm"), readText("/proc/self/comm"));
});

Deno.test("childrenOf() lists the children of a process, one not waited for included", () => {
  const pids = new Int32Array(shareMemory(8).buffer);
  const pid = forkReady((ready) => {
    pids[0] = forkAgain(() => {});
    pids[1] = forkAgain(sleep);
    ready();
    sleep();
  });
  waitForExit(pids[0]!, 5000);
  assertEquals(childrenOf(pid), [...pids]);
  for (const each of [pids[1]!, pid]) kill(each, Signal.KILL);
  waitFor(pid);
  assertEquals(childrenOf(pid), []);
});

Deno.test("contextSwitches() counts the waits of another process", () => {
  const [ours, childs] = socketPair();
  using _ = closing(ours);
  const byte = new Uint8Array(1);
  const rounds = 50;
  const pid = fork(() => {
    for (let i = 0; i < rounds; i++) {
      read(childs, byte);
      write(childs, byte, 1);
    }
  });
  close(childs);
  const before = contextSwitches(`/proc/${pid}`);
  for (let i = 0; i < rounds; i++) {
    write(ours, byte, 1);
    read(ours, byte);
  }
  waitForExit(pid, 5000);
  const after = contextSwitches(`/proc/${pid}`);
  assertGreater(after.voluntary, before.voluntary);
  const { voluntary, involuntary } = waitFor(pid).usage;
  assertEquals(after, { voluntary, involuntary });
  assertEquals(contextSwitches(`/proc/${pid}`), { voluntary: 0, involuntary: 0 });
});

Deno.test("cpuTicks() is the CPU time of another process in steps of 10 ms", () => {
  const pid = fork(() => {
    while (usage().user + usage().system < 0.1);
  });
  waitForExit(pid, 5000);
  const ticks = cpuTicks(pid);
  const { user, system } = waitFor(pid).usage;
  assertGreater(ticks.user + ticks.system, 5);
  assertAlmostEquals(ticks.user / 100, user, 0.011);
  assertAlmostEquals(ticks.system / 100, system, 0.011);
});

Deno.test("libcVersion() names the library and its version", () => {
  assertMatch(libcVersion(), /^glibc \d+\.\d+/);
});

Deno.test("tcpSocketsOn() finds a listening socket by its port, and how many wait for it", () => {
  const address = internetAddress("127.0.0.1", 0);
  const listener = listen(address, "test");
  const { port } = boundAddress(listener);
  const client = streamSocket(address);
  connect(client, internetAddress("127.0.0.1", port));
  const [listening] = tcpSocketsOn(port).filter(({ state }) => state === TcpState.listen);
  assertEquals(listening!.waiting, 1);
  const sockets = descriptorsOf(Deno.pid).map(({ target }) => target);
  assertEquals(sockets.includes(`socket:[${listening!.inode}]`), true);
  close(client);
  close(listener);
  assertEquals(tcpSocketsOn(port).filter(({ state }) => state === TcpState.listen), []);
});

Deno.test("hasExited() tells of a process before and after anyone waits for it", () => {
  const pid = forkReady((ready) => {
    ready();
    sleep();
  });
  assertEquals(hasExited(pid), false);
  kill(pid, Signal.KILL);
  waitForExit(pid, 1000);
  assertEquals(hasExited(pid), true);
  waitFor(pid);
  assertEquals(hasExited(pid), true);
});
