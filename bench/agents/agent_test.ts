import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { HerdError, UsageError } from "../../servers/errors.ts";
import { childrenOf, readText, tryReadText } from "../../servers/posix/files.ts";
import { eventually } from "../../servers/testing/process.ts";
import { ServerLine } from "../record/lines.ts";
import { Agent, AgentError, TimeLimitError } from "./agent.ts";
import { type ServerAgent, startServer } from "./server.ts";

const DESIGN = "prefork-shared-accept";

/** Starts a server, and its process number once it is ready. */
async function startReady(): Promise<{ server: ServerAgent; pid: number }> {
  const server = startServer({ design: DESIGN, children: 2 });
  const { pid } = await server.next("ready", 30);
  return { server, pid };
}

const isGone = (pid: number) => tryReadText(`/proc/${pid}/stat`)?.match(/\) [^Z]/) == null;

/** Sends requests until one fails: the pipe of a program that is ending may still take some. */
async function sendUntilRefused(server: ServerAgent): Promise<never> {
  for (;;) await server.send({ request: "mark" });
}

Deno.test("next() returns the event of that name, and skips others", async () => {
  await using server = (await startReady()).server;
  await server.send({ request: "mark" });
  await server.send({ request: "stop" });
  const { report, failure } = await server.next("report", 30);
  assertEquals([report.design, failure], [DESIGN, null]);
  assertEquals(await server.next("marked", 30), { event: "marked" }); // it came before
});

Deno.test("next() has a time limit", async () => {
  await using server = (await startReady()).server;
  const expected = 'the server did not report "marked" in 0.05 s';
  await assertRejects(() => server.next("marked", 0.05), TimeLimitError, expected);
});

Deno.test("next() throws the error that a program reported", async () => {
  await using server = startServer({ design: "unheard-of" });
  const expected = 'Unknown design "unheard-of"';
  await assertRejects(() => server.next("ready", 30), UsageError, expected);
  await assertRejects(() => sendUntilRefused(server), AgentError, "ended with exit code 2");
});

Deno.test("next() throws a bug of a program with the stack that it printed", async () => {
  await using program = new Agent({
    name: "server",
    program: "bench/agents/testing_bug.ts",
    options: {},
    placement: { session: "same", processors: null },
    parse: (line) => ServerLine.parse(line),
  });
  const error = await assertRejects(() => program.next("ready", 30), Error, "oops");
  assertEquals(error instanceof HerdError, false);
  assertMatch(error.stack!, /^TypeError: oops\n +at buggy /);
});

/** A program that reports, ignores SIGTERM, and has a stopped child that holds its output. */
async function startStuck(): Promise<{ program: ServerAgent; child: number }> {
  const program: ServerAgent = new Agent({
    name: "server",
    program: "bench/agents/testing_stuck.ts",
    options: {},
    placement: { session: "same", processors: null },
    parse: (line) => ServerLine.parse(line),
  });
  await program.next("marked", 30);
  return { program, child: childrenOf(program.pids[0]!)[0]! };
}

Deno.test("a program that does not end is killed, and its stopped child too", async () => {
  const { program, child } = await startStuck();
  await using _ = program;
  assertEquals(await program.failure(0.1), "the server did not end in 0.1 s");
  await eventually("the end of its child", () => isGone(child) || undefined);
});

Deno.test("a program that is killed is known to be at once, though a stopped child outlives it", async () => {
  const { program, child } = await startStuck();
  await using _ = program;
  program.signal("SIGKILL");
  const expected = "the server was killed by SIGKILL";
  await assertRejects(() => program.next("report", 30), AgentError, expected);
  await eventually("the end of its child", () => isGone(child) || undefined);
});

Deno.test("next() and send() report how a program ended", async () => {
  await using server = (await startReady()).server;
  server.signal("SIGKILL");
  const expected = "the server was killed by SIGKILL";
  await assertRejects(() => server.next("report", 30), AgentError, expected);
  await assertRejects(() => sendUntilRefused(server), AgentError, expected);
  server.signal("SIGTERM"); // has no effect
});

Deno.test("an Agent ends when it is disposed of", async () => {
  let host = 0;
  {
    const { server, pid } = await startReady();
    await using _ = server;
    host = pid;
    assertEquals(tryReadText(`/proc/${host}/comm`)?.trim(), "deno");
  }
  assertEquals(tryReadText(`/proc/${host}/comm`), undefined);
});

/** The process session of a process (proc_pid_stat(5)). */
function sessionOf(pid: number): number {
  return Number(readText(`/proc/${pid}/stat`).split(") ")[1]!.split(" ")[3]);
}

Deno.test("a program has a process session of its own if its placement says so", async () => {
  for (const session of ["own", "same"] as const) {
    await using server = startServer({ design: DESIGN }, { session, processors: null });
    const { pid } = await server.next("ready", 30);
    assertEquals(sessionOf(pid), session === "own" ? pid : sessionOf(Deno.pid));
  }
});
