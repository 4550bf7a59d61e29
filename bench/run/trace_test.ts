import {
  assertAlmostEquals,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertMatch,
  assertRejects,
} from "@std/assert";
import { isLong } from "../../servers/testing/long.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { startServer } from "../../servers/testing/server.ts";
import { AS_USER, canBecomeUser } from "../../servers/testing/starter.ts";
import { UnsupportedError } from "../../servers/errors.ts";
import { makePlan } from "../plan/plan.ts";
import { serversOf, traceDesigns } from "./trace.ts";
import type { Trace } from "../record/record.ts";
import { perf, type Program, strace } from "./tracer.ts";

const plan = makePlan({ designs: ["prefork-file-lock"], seed: 1, clients: 2, connections: 5 });
const never = new AbortController().signal;

/** Whether the program is installed, and may trace. */
function works({ name }: Program): Promise<boolean> {
  return new Deno.Command(name, {
    // perf needs a privilege.
    args: name === "perf" ? ["trace", "--summary", "true"] : ["-V"],
    stdout: "null",
    stderr: "null",
  }).output().then(({ success }) => success, () => false);
}

for (const program of isLong ? [strace, perf] : [strace]) {
  const { name } = program;

  Deno.test({
    name: `traceDesigns() counts the calls of a design, with ${name} (ignored if it does not work)`,
    ignore: !await works(program),
    async fn() {
      const notes: string[] = [];
      const traces = await traceDesigns(plan, (text) => notes.push(text), never, [program]);
      assertEquals(notes, ["tracing iterative", "tracing prefork-file-lock"]);
      assertEquals(traces.map(({ design }) => design), ["iterative", "prefork-file-lock"]);
      const [iterative, locked] = traces.map(({ connections, syscalls }) => (name: string) =>
        (syscalls[name]?.calls ?? 0) / connections
      );
      for (const rate of [iterative!, locked!]) {
        const rates = [rate("write"), rate("close"), rate("read")];
        if (program === strace) assertEquals(rates, [1, 1, 2]);
        // perf misses calls when the buffers of the kernel are full.
        for (const [i, expected] of [1, 1, 2].entries()) {
          assertAlmostEquals(rates[i]!, expected, 0.05);
        }
        // Processes that wait when the trace starts or ends may call it again.
        assertGreaterOrEqual(rate("accept4"), 0.9);
        assertLess(rate("accept4"), 1.1);
      }
      assertEquals(iterative!("fcntl"), 0);
      assertGreaterOrEqual(locked!("fcntl"), 1.8);
    },
  });
}

Deno.test({
  name: "traceDesigns() counts the calls of a local server (a long test; ignored without strace)",
  ignore: !isLong || !await works(strace),
  async fn() {
    const local = makePlan({
      designs: ["iterative"],
      seed: 1,
      clients: 1,
      connections: 5,
      local: true,
    });
    const [{ connections, syscalls }] = await traceDesigns(local, () => {}, never, [strace]) as [
      Trace,
    ];
    assertEquals([syscalls.write!.calls, syscalls.close!.calls], [connections, connections]);
  },
});

Deno.test("traceDesigns() names a package to install if there is no tracer", async () => {
  const absent = { ...strace, name: "no-such-tracer" };
  await assertRejects(
    () => traceDesigns(plan, () => {}, never, [absent]),
    UnsupportedError,
    "Cannot trace: there is no no-such-tracer here; write apt install strace",
  );
});

for (const design of ["prefork-mutex", "prespawn-mutex", "slaunch", "prethread-mutex"]) {
  const isQuick = design === "prefork-mutex";
  Deno.test({
    name: `every process of ${design} that is to be traced lets others trace it ${
      isQuick ? "(ignored without strace)" : "(a long test; ignored without strace)"
    }`,
    ignore: !(isQuick || isLong) || !await works(strace),
    async fn() {
      using folder = new TemporaryFolder();
      const output = `${folder.path}/calls`;
      // With -D the server stays the child of this process.
      const options = ["-D", "-f", "--seccomp-bpf", "-e", "trace=prctl", "-o", output];
      const start = { via: ["strace", ...options], traceable: true };
      await using server = await startServer(design, start);
      const pids = serversOf(server.ready.pid);
      await server.stop();
      const calls = Deno.readTextFileSync(output).match(/^\d+ +prctl\(PR_SET_PTRACER, .*$/gm) ?? [];
      const callers = calls.map((line) => parseInt(line));
      assertGreaterOrEqual(callers.length, design === "prethread-mutex" ? 1 : 2);
      assertEquals(pids.filter((pid) => !callers.includes(pid)), []);
    },
  });
}

Deno.test({
  name:
    "traceDesigns() says once that the tracer may not, and what to do (ignored without root and strace)",
  ignore: !canBecomeUser || !await works(strace),
  async fn() {
    const notes: string[] = [];
    // Another user's processes.
    const [program, ...args] = AS_USER;
    const refused: Program = {
      ...strace,
      name: program!,
      arguments: (pids) => [...args, "strace", ...strace.arguments(pids)],
    };
    assertEquals(await traceDesigns(plan, (text) => notes.push(text), never, [refused]), []);
    assertEquals(notes.length, 2);
    assertMatch(notes[1]!, /^cannot trace: .* may not \(strace: .*not permitted\); (write|run) /);
  },
});

Deno.test("traceDesigns() says which external servers it leaves out", async () => {
  const notes: string[] = [];
  const externals = [{ name: "nginx" }, { name: "mine" }] as unknown as typeof plan.externals;
  const foreign = { ...plan, designs: ["nginx", "mine"], externals };
  assertEquals(await traceDesigns(foreign, (text) => notes.push(text), never), []);
  assertEquals(notes, ["tracing designs of Herd's only, not nginx, mine"]);
});
