import { assertEquals } from "@std/assert";
import { closing, evaluate, forkReady, inChild, waitFor, waitToBeKilled } from "../testing/fork.ts";
import { canIgnoreSignals, IGNORING_CHILDREN } from "../testing/starter.ts";
import { pipe, Poller } from "./descriptors.ts";
import { fork } from "./fork.ts";
import { close, read, write } from "./io.ts";
import { getpid, kill, wait } from "./processes.ts";
import {
  blockSignals,
  readSignal,
  Signal,
  signalDescriptor,
  waitForSignal,
  withSignalsBlocked,
} from "./signals.ts";

const byte = new Uint8Array(1);

for (const [name, number] of [["SIGTERM", Signal.TERM], ["SIGHUP", Signal.HUP]] as const) {
  Deno.test(`fork() makes children that ${name} terminates, although their parent handles it`, () => {
    const listener = () => {};
    Deno.addSignalListener(name, listener);
    try {
      const pid = forkReady((ready) => {
        ready();
        waitToBeKilled();
      });
      kill(pid, number);
      assertEquals(waitFor(pid).signal, number);
    } finally {
      Deno.removeSignalListener(name, listener);
    }
  });
}

Deno.test("fork() makes children that ignore ^C", async () => {
  // In a program of its own, because the test runner handles SIGINT.
  const { stdout } = await evaluate(`
    import { fork } from "./posix/fork.ts";
    import { getpid, kill, wait } from "./posix/processes.ts";
    const pid = fork(() => {
      kill(getpid(), ${Signal.INT});
      return 42;
    });
    console.log(wait(pid).code);
  `);
  assertEquals(stdout, "42\n");
});

Deno.test("waitForSignal() returns the signal", () => {
  for (const signal of [Signal.TERM, Signal.HUP]) {
    const pid = forkReady((ready) => {
      blockSignals(Signal.TERM, Signal.HUP);
      ready();
      return 100 + waitForSignal(Signal.TERM, Signal.HUP);
    });
    kill(pid, signal);
    assertEquals(waitFor(pid).code, 100 + signal);
  }
});

Deno.test("blockSignals() blocks no other signals", () => {
  const pid = forkReady((ready) => {
    blockSignals(Signal.HUP);
    ready();
    waitForSignal(Signal.HUP);
  });
  kill(pid, Signal.TERM);
  assertEquals(waitFor(pid).signal, Signal.TERM);
});

Deno.test("withSignalsBlocked() delivers a signal afterwards", () => {
  const [output, input] = pipe();
  using _ = closing(output);
  const pid = fork(() => {
    withSignalsBlocked(() => {
      withSignalsBlocked(() => kill(getpid(), Signal.TERM));
      write(input, byte, 1);
    });
    write(input, byte, 1);
  });
  close(input);
  const { signal } = waitFor(pid);
  assertEquals([signal, read(output, new Uint8Array(9))], [Signal.TERM, 1]);
});

Deno.test("withSignalsBlocked() delivers signals after an error, too", () => {
  const { signal } = inChild(() => {
    try {
      withSignalsBlocked(() => {
        throw new Error("moo");
      });
    } catch {
      kill(getpid(), Signal.TERM);
    }
  });
  assertEquals(signal, Signal.TERM);
});

Deno.test("signalDescriptor() is readable after a child has exited", () => {
  const { code } = inChild(() => {
    const descriptor = signalDescriptor(Signal.CHLD);
    const poller = new Poller([descriptor]);
    const isReady = () => poller.wait(0);
    const before = isReady();
    const child = fork(() => {});
    const [signal, ended] = [readSignal(descriptor), wait(child)?.code];
    return !before && signal === Signal.CHLD && ended === 0 && !isReady() ? 42 : 1;
  });
  assertEquals(code, 42);
});

/** A program that waits for a child of each kind; it prints their exit codes. */
const WAITING = `
  import { fork } from "./posix/fork.ts";
  import { wait } from "./posix/processes.ts";
  import { spawn } from "./posix/programs.ts";
  const pids = [() => fork(() => 41), () => spawn("/bin/sh", ["-c", "exit 42"])]
    .map((start) => start());
  const { code } = await new Deno.Command("/bin/sh", { args: ["-c", "exit 43"] }).output();
  console.log(...pids.map((pid) => wait(pid)?.code), code);
`;

Deno.test({
  name: "fork() and spawn() make children to wait for, where the parent had SIGCHLD ignored " +
    "(ignored without env --ignore-signal)",
  ignore: !canIgnoreSignals,
  async fn() {
    const { stdout } = await evaluate(WAITING, IGNORING_CHILDREN);
    assertEquals(stdout, "41 42 43\n");
  },
});
