/** Commands, whoever starts them: what a supervisor, a service manager or a container leaves out or sets. */
import { assertEquals, assertMatch } from "@std/assert";
import { ask } from "../../servers/testing/client.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { canIgnoreSignals, denoFolder, IGNORING_CHILDREN } from "../../servers/testing/starter.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";

/** Ways to start a command, each a program that is given the command line to run. */
const STARTERS = {
  "SIGCHLD ignored": IGNORING_CHILDREN,
  "standard input closed": ["sh", "-c", 'exec "$@" <&-', "sh"],
  "no terminal": ["setsid", "--wait"],
  "no HOME": ["env", "--unset=HOME", `DENO_DIR=${denoFolder()}`],
  "another language": ["env", "LANG=tr_TR.UTF-8", "LC_ALL=ja_JP.eucJP"],
} as const;

/** One trial; a long test has children of two kinds, and strace. */
const BENCH = [
  ...["--designs", ...isLong ? ["fork-per-client,prespawn-mutex", "--trace"] : ["iterative"]],
  ...["--rounds", "1", "--clients", "2", "--connections", "5", "--children", "2"],
];

/** Runs a small bench that is started like this, and checks its record. */
async function checkBench(via: readonly string[]): Promise<void> {
  using folder = new TemporaryFolder();
  const output = `${folder.path}/run`;
  await using bench = new RunningTask("bench", [...BENCH, "--output", output], { via });
  const { code, stderr } = await bench.ended();
  assertEquals(code, 0, stderr);
  const { run, trials } = readRecord(output);
  assertEquals(run.complete, true);
  assertEquals(trials.filter(({ status }) => status !== "ok"), []);
}

const all = Object.values(STARTERS).flat();

Deno.test({
  name: `bench runs with ${Object.keys(STARTERS).join(", ")} (ignored without env --ignore-signal)`,
  ignore: !canIgnoreSignals,
  fn: () => checkBench(all),
});

for (const [name, via] of Object.entries(STARTERS)) {
  Deno.test({
    name: `bench runs with ${name} (a long test)`,
    ignore: !isLong || !canIgnoreSignals,
    fn: () => checkBench(via),
  });
}

Deno.test({
  name:
    "serve replaces dead children with SIGCHLD ignored, and outlives its terminal under nohup " +
    "(ignored without env --ignore-signal)",
  ignore: !canIgnoreSignals,
  async fn() {
    const via = [...IGNORING_CHILDREN, "--ignore-signal=HUP"];
    await using server = new RunningTask("serve", ["prefork-mutex", "--children=2", "--json"], {
      via,
    });
    const { port, pid } = JSON.parse((await server.nextLine())!);
    const victim = server.processes().findLast(({ parent }) => parent === pid)!;
    const [child] = server.processes().filter(({ parent }) => parent === victim.pid);
    Deno.kill(child!.pid, "SIGKILL");
    assertMatch((await server.nextLine())!, /^\{"event":"lost",.*"reason":"signal 9"/);
    server.signal("SIGHUP");
    await server.write("mark");
    assertEquals(await server.nextLine(), '{"event":"marked"}');
    for (let i = 0; i < 4; i++) assertEquals(ask(port, "10\n", 10).length, 10);
    server.signal("SIGTERM");
    const { code, stdout, stderr } = await server.ended();
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^\{"event":"report"/);
  },
});
