/** A bench in mid-run, and whoever in it ends before its time: nothing stays behind, nothing is lost. */
import { assert, assertEquals, assertGreaterOrEqual, assertMatch } from "@std/assert";
import { type Process, RunningTask, TemporaryFolder } from "../clients/testing.ts";
import { processCpu } from "../servers/posix/clocks.ts";
import { kill } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import { makePlan } from "./plan.ts";
import type { Trial } from "./record.ts";
import { readRecord } from "./store.ts";

const POOL = "prefork-shared-accept";
const CHILDREN = 3;
const CLIENTS = 4;

/** A trial of some tenths of a second. */
const LOAD = ["--clients", String(CLIENTS), "--connections", "2000", "--bytes", "100000"];

/** CPU seconds of clients that are past their warm-up, which is a 40th of their work. */
const WARM_CPU_SECONDS = 0.06;

/** How long processes may take to notice that they are to end. */
const NOTICE_SECONDS = 3;

/** A seed with which the pool comes first, and the baseline second. */
const SEED = Array.from({ length: 100 }, (_, seed) => seed).find((seed) => {
  const options = { rounds: 1, clients: 1, connections: 1, bytes: 1, children: 1 } as const;
  const plan = makePlan({ ...options, designs: [POOL], seed, sessions: "separate" });
  return plan.trials[0]!.design === POOL;
})!;

/** Starts a bench; its first trial is one of the pool. */
function startBench(folder: TemporaryFolder, ...args: string[]): RunningTask {
  const what = ["--designs", POOL, "--children", String(CHILDREN), "--seed", String(SEED)];
  const run = `${folder.path}/run`;
  return new RunningTask("bench", [...what, ...LOAD, "--json", "--output", run, ...args]);
}

/** The processes of a trial under way. */
interface Actors {
  readonly host: Process;
  readonly server: Process;
  readonly children: readonly Process[];
  readonly load: Process;
  readonly clients: readonly Process[];
}

/** Waits until the clients of a pool's trial are at work. */
async function midTrial(bench: RunningTask): Promise<Actors> {
  return await bench.find((processes) => {
    const childrenOf = (parent: Process | undefined, command = "") =>
      processes.filter((process) =>
        process.parent === parent?.pid && process.commandLine.includes(command)
      );
    const main = processes.find(({ pid }) => pid === bench.pid);
    const [host] = childrenOf(main, `serve.ts ${POOL}`);
    const [load] = childrenOf(main, "load.ts");
    const [server] = childrenOf(host);
    const [children, clients] = [childrenOf(server), childrenOf(load)];
    if (!host || !server || !load) return undefined;
    if (children.length < CHILDREN || clients.length < CLIENTS) return undefined;
    const cpu = clients.reduce((sum, { pid }) => sum + (processCpu(pid) ?? 0), 0);
    return cpu < WARM_CPU_SECONDS ? undefined : { host, server, children, load, clients };
  });
}

/** What is left of these processes: the same number and still the same process. */
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
    const actors = await midTrial(bench);
    bench.signal(signal);
    const { code, stdout, stderr } = await bench.ended();
    assertEquals(code, 130);
    assertMatch(stderr, /^bench: interrupted; .*\n$/);
    assertGone(await bench.processesAfter(NOTICE_SECONDS));
    assertEquals(actors.clients.length, CLIENTS);

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
  const { children, clients } = await midTrial(bench);
  const before = await bench.processes();
  assertGreaterOrEqual(before.length, 4 + children.length + clients.length);
  bench.signal("SIGKILL");
  assertGone(await bench.processesAfter(NOTICE_SECONDS));
  const { run, trials } = readRecord(`${folder.path}/run`);
  assertEquals([run.complete, run.endedAt, trials], [false, null, []]);
});

/** Kills an actor in the first of two trials; that trial is the result. */
async function killIn(folder: TemporaryFolder, choose: (actors: Actors) => Process) {
  await using bench = startBench(folder, "--rounds", "1");
  kill(choose(await midTrial(bench)).pid, Signal.KILL);
  const { code, stdout } = await bench.ended();
  assertEquals(code, 3);
  assertGone(await bench.processesAfter(NOTICE_SECONDS));
  const [first, second] = events(stdout).filter(({ event }) => event === "trial");
  const { run, trials } = readRecord(`${folder.path}/run`);
  assertEquals(run.complete, true);
  assertEquals(trials.map(({ status }) => status), ["failed", "ok"]);
  assertEquals((first as unknown as Trial).reason, trials[0]!.reason);
  assertEquals((second as unknown as Trial).design, trials[1]!.design);
  return trials[0]!;
}

const victims: readonly [name: string, (actors: Actors) => Process, reason: RegExp][] = [
  ["host of a server", ({ host }) => host, /^servers\/serve\.ts ended by SIGKILL$/],
  ["server process", ({ server }) => server, /^the clients had errors: .*ECONNREFUSED/],
  ["load", ({ load }) => load, /^clients\/load\.ts ended by SIGKILL$/],
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
  assertMatch(reason!, /^the clients had errors: |^1 children died$/);
  assertEquals(children.reduce((sum, { lost }) => sum + lost, 0), 1);
});
