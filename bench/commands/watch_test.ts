/** The live view of a server that runs already, as the command shows it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { watchRefusal } from "../../servers/posix/perf_events.ts";
import { freePort } from "../../servers/testing/client.ts";
import { isLong } from "../../servers/testing/long.ts";
import { commandLineOf, RunningTask, runTask } from "../../servers/testing/task.ts";
import { CONTROL_C, OnTerminal } from "../../servers/testing/terminal.ts";
import { assertRefused, runHere } from "../testing.ts";

Deno.test("watch refuses what it cannot watch, or load", async () => {
  assertRefused(await runHere("watch", "--json"), 2, "either --pid or --port");
  assertRefused(await runHere("watch", "--json", "--pid", "1", "--port", "1"), 2, "either");
  assertRefused(await runHere("watch", "--json", "--port", String(freePort())), 2, "nobody");
  assertRefused(await runHere("watch", "--json", "--pid", "4194304"), 2, "4194304");
  assertRefused(await runHere("watch", "--port", "1"), 2, "not a terminal");
  assertRefused(await runHere("watch", "--json", "--port", "1", "--clients", "2"), 2, "--load");
  const target = ["--json", "--port", "1", "--load", "--target", "/x"];
  assertRefused(await runHere("watch", ...target), 2, "--service http");
});

interface Sample {
  readonly event: string;
  readonly connections?: number;
  readonly processes: readonly { readonly pid: number; readonly connectionsInAll: number | null }[];
}

Deno.test({
  name:
    "watch --load tells who serves how many connections, and figure --port who holds the sockets",
  ignore: !isLong,
  fn: async () => {
    await using serve = new RunningTask("serve", ["prefork-mutex", "--children", "2", "--json"]);
    const { port } = JSON.parse((await serve.nextLine())!) as { port: number };
    const watch = ["--port", String(port), "--load", "--clients", "2", "--duration", "2", "--json"];
    const { code, stdout, stderr } = await runTask("watch", ...watch);
    assertEquals([code, stderr.includes("Cannot")], [0, false], stderr);
    const events: Sample[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
    const report = events.at(-1)!;
    const last = events.at(-2)!;
    assertEquals([report.event, last.event, last.processes.length], ["report", "sample", 3]);
    const served = last.processes.map(({ connectionsInAll }) => connectionsInAll);
    if (watchRefusal() !== undefined) assertEquals(served, [null, null, null]);
    else {
      assertEquals(served[0], 0);
      assert(served[1]! > 0 && served[2]! > 0, `${served}`);
    }
    const figure = await runTask("figure", "--port", String(port));
    assertEquals(figure.code, 0, figure.stderr);
    assertMatch(figure.stdout, new RegExp(`^port ${port}( +\\d+){3}$`, "m"));
  },
});

Deno.test({
  name: "watch redraws what the processes do, until ^C or the end of the server",
  ignore: !isLong,
  fn: async () => {
    await using serve = new RunningTask("serve", ["prefork-mutex", "--children", "2", "--json"]);
    const { port } = JSON.parse((await serve.nextLine())!) as { port: number };
    const args = ["--port", String(port)];
    await using first = new OnTerminal(commandLineOf("watch", args));
    await first.until(/process +name +open/);
    first.type(CONTROL_C);
    assertEquals(await first.ended(), 0);
    await using second = new OnTerminal(commandLineOf("watch", args));
    await second.until(/process +name +open/);
    serve.signal("SIGTERM");
    await second.until(/has ended/);
    assertEquals(await second.ended(), 3);
  },
});
