/** A bench in mid-run, and whoever in it ends before its time: nothing stays behind, nothing is lost. */
import { assert, assertEquals, assertGreaterOrEqual, assertMatch } from "@std/assert";
import { isLong } from "../../servers/testing/long.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { eventually, type Process } from "../../servers/testing/process.ts";
import { RunningTask } from "../../servers/testing/task.ts";
import { hierarchies } from "../../servers/posix/cgroup.ts";
import { childrenOf, descriptorsOf, namesIn, tryReadText } from "../../servers/posix/files.ts";
import { kill } from "../../servers/posix/processes.ts";
import { Signal } from "../../servers/posix/signals.ts";
import { makePlan } from "../plan/plan.ts";
import type { Trial } from "../record/record.ts";
import { readRecord } from "../record/store.ts";

const SIGSTOP = 19;

const POOL = "prefork-shared-accept";
const CHILDREN = 3;
const CLIENTS = 4;

/** A trial of half a second: clients that wait between connections take time and little else. */
const LOAD = ["--clients", String(CLIENTS), "--connections", "100", "--think", "5"];

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
function midTrial(bench: RunningTask): Promise<Actors> {
  return eventually("a trial under way", () => {
    const actors = actorsOf(bench.pid);
    return actors && isReleased(actors) ? actors : undefined;
  });
}

/** Whether a load has closed its end of the pipe that holds its clients back. */
function isReleased({ load, clients }: Actors): boolean {
  const pipesOf = (pid: number) =>
    descriptorsOf(pid).map(({ target }) => target).filter((target) => target.startsWith("pipe:"));
  const held = pipesOf(load);
  // By another pipe the clients wait for each other at the end.
  return new Set(pipesOf(clients[0]!).filter((pipe) => !held.includes(pipe))).size > 1;
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

/** Asserts that there are no such processes. */
function assertGone(processes: readonly Process[]): void {
  assertEquals(processes.map(({ commandLine }) => commandLine), []);
}

function events(stdout: string): { event: string }[] {
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("bench keeps what it measured when ^C ends it", async () => {
  using folder = new TemporaryFolder();
  await using bench = startBench(folder, "--rounds", "3");
  let trials = 0;
  for (let line; trials < 1 && (line = await bench.nextLine());) {
    if (JSON.parse(line).event === "trial") trials++;
  }
  await midTrial(bench);
  bench.signal("SIGINT");
  const { code, stdout, stderr } = await bench.ended();
  assertEquals(code, 130);
  assertMatch(stderr, /^Interrupted; .*\n$/);
  assertGone(await bench.left());

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

Deno.test("bench leaves nothing behind when it is killed", async () => {
  using folder = new TemporaryFolder();
  await using bench = startBench(folder, "--rounds", "1");
  const cgroup = cgroupOf(await midTrial(bench));
  bench.signal("SIGSTOP");
  assertGreaterOrEqual(bench.processes().length, 3 + CHILDREN);
  bench.signal("SIGKILL");
  assertGone(await bench.left());
  assertEquals(hasCgroup(cgroup), false);
  const { run, trials } = readRecord(`${folder.path}/run`);
  assertEquals([run.complete, run.endedAt, trials], [false, null, []]);
});

/** The name of the cgroup of a server, if it has one. */
function cgroupOf({ server }: Actors): string | undefined {
  return tryReadText(`/proc/${server}/cgroup`)?.match(/herd-server-[\w-]+/)?.[0];
}

/** Whether a cgroup of a server is there. */
function hasCgroup(name: string | undefined): boolean {
  return name !== undefined && hierarchies().some(({ folder }) => namesIn(folder).includes(name));
}

Deno.test({
  name: "the next bench removes the cgroup of one that was killed with its host (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    await using bench = startBench(folder, "--rounds", "1");
    const actors = await midTrial(bench);
    const cgroup = cgroupOf(actors);
    for (const pid of [bench.pid, actors.host]) kill(pid, SIGSTOP);
    for (const pid of [bench.pid, actors.host]) kill(pid, Signal.KILL);
    assertGone(await bench.left());
    assertEquals(hasCgroup(cgroup), cgroup !== undefined);
    using other = new TemporaryFolder();
    await using next = startBench(other, "--rounds", "1");
    await midTrial(next);
    assertEquals(hasCgroup(cgroup), false);
  },
});

Deno.test({
  name: "bench ends a host that does not stop, and goes on (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    await using bench = startBench(folder, "--rounds", "1", "--stop-limit", "1");
    const actors = await midTrial(bench);
    const cgroup = cgroupOf(actors);
    kill(actors.host, SIGSTOP);
    const { status, reason } = await nextTrialOf(bench, POOL);
    assertEquals([status, reason], ["dnf", 'the server did not report "report" in 1 s']);
    assertEquals(hasCgroup(cgroup), false);
    assertEquals((await bench.ended()).code, 3);
    assertGone(await bench.left());
  },
});

/** What to kill, and the reason that the trial then has. */
type Victim = readonly [choose: (actors: Actors) => number, reason: RegExp];

const victims: readonly Victim[] = [
  [({ host }) => host, /^the server was killed by SIGKILL$/],
  [({ server }) => server, /^the server process was ended by signal 9$/],
  [({ load }) => load, /^the load was killed by SIGKILL$/],
  [({ clients }) => clients[0]!, /a client died: signal 9$/],
  [({ children }) => children[0]!, /^the clients had errors: |^1 child died: signal 9$/],
];

Deno.test({
  name: "bench records a failed trial and goes on, whoever in it is killed (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    await using bench = startBench(folder, "--rounds", String(victims.length));
    const failed: Trial[] = [];
    for (const [choose, reason] of victims) {
      const actors = await midTrial(bench);
      const cgroup = cgroupOf(actors);
      kill(choose(actors), Signal.KILL);
      const trial = await nextTrialOf(bench, POOL);
      assertEquals(trial.status, "failed");
      assertMatch(trial.reason!, reason);
      assertEquals(hasCgroup(cgroup), false);
      failed.push(trial);
    }
    assertEquals((await bench.ended()).code, 3);
    assertGone(await bench.left());
    const { run, trials } = readRecord(`${folder.path}/run`);
    assertEquals([run.complete, trials.length], [true, 2 * victims.length]);
    assertEquals(trials.filter(({ status }) => status === "failed"), failed);
    // The last was a child of a pool.
    assertEquals(failed.at(-1)!.children.reduce((sum, { lost }) => sum + lost, 0), 1);
  },
});

/** The next trial of a design that a bench has finished. */
async function nextTrialOf(bench: RunningTask, design: string): Promise<Trial> {
  for (let line; (line = await bench.nextLine()) !== undefined;) {
    const event: { event: string } & Trial = JSON.parse(line);
    const { event: name, ...trial } = event;
    if (name === "trial" && trial.design === design) return trial;
  }
  throw new Error(`The bench has ended without another trial of ${design}`);
}
