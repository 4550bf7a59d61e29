import { assertAlmostEquals, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { assertThrows } from "@std/assert";
import { closing, forkReady, waitFor, waitToBeKilled } from "../testing/fork.ts";
import { boundAddress, internetAddress } from "./addresses.ts";
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
  threadsOf,
  tryReadText,
} from "./files.ts";
import { tcpSocketsOn, TcpState } from "./tcp_table.ts";
import { fork, forkAgain } from "./fork.ts";
import { close, read, write } from "./io.ts";
import { shareMemory } from "./memory.ts";
import { kill, waitForExit } from "./processes.ts";
import { Signal } from "./signals.ts";
import { connect, listen, socketPair, streamSocket } from "./sockets.ts";

Deno.test("readText() reads files of unknown size", () => {
  const maps = readText("/proc/self/maps");
  assertGreater(maps.length, 0);
  assertMatch(maps, /^[0-9a-f]+-[0-9a-f]+ .*\n$/s);
});

Deno.test("readText() reads a file to its end", () => {
  const path = Deno.makeTempFileSync();
  try {
    // Three bytes a letter, so letters cross every power of two.
    for (const text of ["", "→".repeat(16384), "→".repeat(100_000)]) {
      Deno.writeTextFileSync(path, text);
      assertEquals(readText(path) === text, true);
    }
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("readText() names the file it cannot read, and the reason", () => {
  const { call, code, message } = assertThrows(() => readText("/proc/none"), SystemError);
  assertEquals({ call, code }, { call: "open", code: "ENOENT" });
  assertMatch(message, /^Cannot read \/proc\/none: /);
  assertEquals(assertThrows(() => readText("/proc"), SystemError).code, "EISDIR");
});

Deno.test("tryReadText() is undefined if a file cannot be read", () => {
  assertEquals(tryReadText("/proc/none"), undefined);
  assertEquals(tryReadText("/proc/self/comm"), readText("/proc/self/comm"));
});

Deno.test("childrenOf() lists the children of a process, including a zombie", () => {
  const pids = new Int32Array(shareMemory(8).buffer);
  const pid = forkReady((ready) => {
    pids[0] = forkAgain(() => {});
    pids[1] = forkAgain(waitToBeKilled);
    ready();
    waitToBeKilled();
  });
  waitForExit(pids[0]!, 5000);
  assertEquals(childrenOf(pid), [...pids]);
  for (const each of [pids[1]!, pid]) kill(each, Signal.KILL);
  waitFor(pid);
  assertEquals(childrenOf(pid), []);
});

Deno.test("contextSwitches() counts those of another process", () => {
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

Deno.test("tcpSocketsOn() finds a listener by its port, and the length of its backlog", () => {
  const address = internetAddress("127.0.0.1", 0);
  const listener = listen(address, "test");
  const { port } = boundAddress(listener);
  const client = streamSocket(address);
  connect(client, internetAddress("127.0.0.1", port));
  const [listening] = tcpSocketsOn(port).filter(({ state }) => state === TcpState.listen);
  assertEquals(listening!.receiveQueue, 1);
  const sockets = descriptorsOf(Deno.pid).map(({ target }) => target);
  assertEquals(sockets.includes(`socket:[${listening!.inode}]`), true);
  close(client);
  close(listener);
  assertEquals(tcpSocketsOn(port).filter(({ state }) => state === TcpState.listen), []);
});

Deno.test("hasExited() is true for a zombie and for a reaped process", () => {
  const pid = forkReady((ready) => {
    ready();
    waitToBeKilled();
  });
  assertEquals(hasExited(pid), false);
  kill(pid, Signal.KILL);
  waitForExit(pid, 1000);
  assertEquals(hasExited(pid), true);
  waitFor(pid);
  assertEquals(hasExited(pid), true);
});

Deno.test("threadsOf() has the threads of a process, and none of one that is gone", () => {
  assertEquals(threadsOf(Deno.pid).includes(Deno.pid), true);
  assertEquals(threadsOf(2 ** 22), []);
});
