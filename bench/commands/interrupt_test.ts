/** A bench in mid-run, and whoever in it ends before its time: nothing stays behind, nothing is lost. */
import { assert, assertEquals, assertGreaterOrEqual, assertMatch } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import type { Process } from "../../servers/testing/process.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { hierarchies } from "../../servers/posix/cgroup.ts";
import { childrenOf, descriptorsOf, tryReadText } from "../../servers/posix/files.ts";
import { kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { makePlan } from "../plan/plan.ts";
import type { Trial } from "../record/record.ts";
import { readRecord } from "../record/store.ts";

const POOL = "prefork-shared-accept";
const CHILDREN = 3;
const CLIENTS = 4;

/** A trial of some tenths of a second. */
const LOAD = ["--clients", String(CLIENTS), "--connections", "800", "--bytes", "100000"];

/** The longest a test waits for a trial before it fails. */
const PATIENCE_MS = 30_000;

/** How long processes may take to notice that they are to end. */
const NOTICE_SECONDS = 3;

/** A seed with which the pool comes first, and the baseline second. */
const SEED = Array.from({ length: 100 }, (_, seed) => seed).find((seed) => {
  const plan = makePlan({ designs: [POOL], seed });
  return plan.trials[0]!.design === POOL;
})!;

/** Starts a bench; its first trial is one of the pool. */
function startBench(folder: TemporaryFolder, ...args: string[]): RunningTask {
  const what = ["--designs", POOL, "--children", String(CHILDREN), "--seed", String(SEED)];
  const run = `${folder.path}/run`;
  return new RunningTask("bench", [...what, ...LOAD, "--json", "--output", run, ...args]);
}

/** The process numbers of a trial under way. */
interface Actors {
  readonly host: number;
  readonly server: number;
  readonly children: readonly number[];
  readonly load: number;
  readonly clients: readonly number[];
}

/** Waits until the clients of a pool's trial are at work. */
async function midTrial(bench: RunningTask): Promise<Actors> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end;) {
    const actors = actorsOf(bench.pid);
    if (actors && isReleased(actors)) return actors;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("Cannot find a trial under way");
}

/** Whether a load has closed its end of the pipe that holds its clients back. */
function isReleased({ load, clients }: Actors): boolean {
  const pipesOf = (pid: number) =>
    descriptorsOf(pid).map(({ target }) => target).filter((target) => target.startsWith("pipe:"));
  const held = pipesOf(load);
  return pipesOf(clients[0]!).some((pipe) => !held.includes(pipe));
}

function actorsOf(bench: number): Actors | undefined {
  const started = childrenOf(bench);
  const running = (command: string) =>
    started.find((pid) => tryReadText(`/proc/${pid}/cmdline`)?.includes(command));
  const [host, load] = [running("servers/host/main.ts"), running("clients/main.ts")];
  if (host === undefined || load === undefined) return undefined;
  const [server] = childrenOf(host);
  const [children, clients] = [childrenOf(server ?? 0), childrenOf(load)];
  if (server === undefined || children.length < CHILDREN || clients.length < CLIENTS) {
    return undefined;
  }
  return { host, server, children, load, clients };
}

/** That there are no such processes. */
function assertGone(processes: readonly Process[]): void {
  assertEquals(processes.map(({ commandLine }) => commandLine), []);
}

function events(stdout: string): { event: string }[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`bench keeps what it measured when ${signal} ends it`, async () => {
    using folder = new TemporaryFolder();
    await using bench = startBench(folder, "--rounds", "3");
    let trials = 0;
    for (let line; trials < 1 && (line = await bench.nextLine());) {
      if (JSON.parse(line).event === "trial") trials++;
    }
    await midTrial(bench);
    bench.signal(signal);
    const { code, stdout, stderr } = await bench.ended();
    assertEquals(code, 130);
    assertMatch(stderr, /^Interrupted; .*\n$/);
    assertGone(await bench.left(NOTICE_SECONDS));

    const later = events(stdout);
    trials += later.filter(({ event }) => event === "trial").length;
    assertEquals(later.at(-1)!.event, "done");
    const text = Deno.readTextFileSync(`${folder.path}/run/trials.jsonl`);
    assert(text.endsWith("\n"));
    const recorded = readRecord(`${folder.path}/run`);
    assertEquals(recorded.run.complete, false);
    assertEquals(recorded.trials.length, trials);
    assertEquals(text.split("\n").length, trials + 1);
    for (const { status, reason } of recorded.trials) assertEquals([status, reason], ["ok", null]);
  });
}

Deno.test("bench leaves nothing behind when it is killed", async () => {
  using folder = new TemporaryFolder();
  await using bench = startBench(folder, "--rounds", "1");
  const { host } = await midTrial(bench);
  bench.signal("SIGSTOP");
  assertGreaterOrEqual((bench.processes()).length, 3 + CHILDREN);
  bench.signal("SIGKILL");
  assertGone(await bench.left(NOTICE_SECONDS));
  assertNoCgroup(host);
  const { run, trials } = readRecord(`${folder.path}/run`);
  assertEquals([run.complete, run.endedAt, trials], [false, null, []]);
});

/** That nothing is left of the cgroup of a server. */
function assertNoCgroup(host: number): void {
  for (const { folder } of hierarchies()) {
    assertEquals(tryReadText(`${folder}/herd-${host}/cgroup.procs`), undefined);
  }
}

/** Kills an actor in the first of two trials; that trial is the result. */
async function killIn(folder: TemporaryFolder, choose: (actors: Actors) => number) {
  await using bench = startBench(folder, "--rounds", "1");
  const actors = await midTrial(bench);
  kill(choose(actors), Signal.KILL);
  const { code, stdout } = await bench.ended();
  assertEquals(code, 3);
  assertGone(await bench.left(NOTICE_SECONDS));
  assertNoCgroup(actors.host);
  const [first, second] = events(stdout).filter(({ event }) => event === "trial");
  const { run, trials } = readRecord(`${folder.path}/run`);
  assertEquals(run.complete, true);
  assertEquals(trials.map(({ status }) => status), ["failed", "ok"]);
  assertEquals((first as unknown as Trial).reason, trials[0]!.reason);
  assertEquals((second as unknown as Trial).design, trials[1]!.design);
  return trials[0]!;
}

const victims: readonly [name: string, (actors: Actors) => number, reason: RegExp][] = [
  ["host of a server", ({ host }) => host, /^the server was killed by SIGKILL$/],
  ["server process", ({ server }) => server, /^the server process was ended by signal 9$/],
  ["load", ({ load }) => load, /^the load was killed by SIGKILL$/],
  ["client", ({ clients }) => clients[0]!, /a client died$/],
];

for (const [name, choose, reason] of victims) {
  Deno.test(`bench records a failed trial and goes on when a ${name} is killed`, async () => {
    using folder = new TemporaryFolder();
    assertMatch((await killIn(folder, choose)).reason!, reason);
  });
}

Deno.test("bench records a failed trial and goes on when a child of a pool is killed", async () => {
  using folder = new TemporaryFolder();
  const { reason, children } = await killIn(folder, ({ children }) => children[0]!);
  assertMatch(reason!, /^(the clients had errors: .*; )?1 child died: signal 9$/);
  assertEquals(children.reduce((sum, { lost }) => sum + lost, 0), 1);
});
