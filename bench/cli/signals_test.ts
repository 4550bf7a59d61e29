/** What a command ends with, and what it does not. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { ask } from "../../servers/testing/client.ts";
import { startProgram } from "../../servers/testing/fork.ts";
import { NOTICE_SECONDS, pause, ROOT } from "../../servers/testing/process.ts";
import { commandLineOf, RunningTask } from "../../servers/testing/task.ts";

/** A program that starts another one in a thread, as Python or Go may; the thread ends at SIGUSR1. */
function startInThread([program, ...args]: readonly string[]) {
  const posix = new URL("../../servers/posix/", import.meta.url);
  const thread = `
    const { spawn } = await import("${posix}programs.ts");
    const { gettid } = await import("${posix}processes.ts");
    spawn(${JSON.stringify(program)}, ${JSON.stringify(args)});
    postMessage(gettid());
    onmessage = close;`;
  return startProgram(`
    import { fileStatus } from "./posix/files.ts";
    Deno.chdir(${JSON.stringify(ROOT)});
    const url = "data:text/javascript," + encodeURIComponent(${JSON.stringify(thread)});
    const thread = new Worker(url, { type: "module" });
    thread.onmessage = ({ data: tid }) => {
      Deno.addSignalListener("SIGUSR1", () => thread.postMessage("end"));
      setInterval(() => {
        if (fileStatus("/proc/self/task/" + tid) === undefined) console.log("the thread has ended");
      }, 10);
    };
  `);
}

for (const [task, ...args] of [["serve", "iterative"], ["sserver"]] as const) {
  Deno.test(`${task} goes on when the thread that started it ends, and ends with its process`, async () => {
    await using parent = startInThread(commandLineOf(task, args));
    const port = Number((await parent.nextLine())?.match(/ 127\.0\.0\.1:(\d+) /)?.[1]);
    parent.signal("SIGUSR1");
    assertStringIncludes((await parent.nextLine())!, "the thread has ended");
    // A server that was told to stop would be gone.
    await pause(200);
    assertEquals(ask(port, "10\n", 10).length, 10);
    kill(parent.pid, Signal.KILL);
    assertEquals(await parent.left(NOTICE_SECONDS), []);
  });
}

Deno.test("sserver ends with its parent where it cannot fork", async () => {
  const preload = import.meta.resolve("../../servers/posix/testing_no_fork.ts");
  const script = 'preload=$1 deno=$2; shift 3; "$deno" run "--preload=$preload" "$@" & wait';
  const via = ["/bin/sh", "-c", script, "sh", preload];
  await using parent = new RunningTask("sserver", [], { via });
  assertMatch((await parent.nextLine())!, /^ready: /);
  parent.signal("SIGKILL");
  assertEquals(await parent.left(NOTICE_SECONDS), []);
});
