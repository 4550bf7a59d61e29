/** Commands as an ordinary user runs them, without root's rights, without a home, from a checkout that is read-only. */
import { assertEquals, assertMatch } from "@std/assert";
import { tryReadText } from "../../servers/posix/files.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { isLong } from "../../servers/testing/long.ts";
import { canBecomeUser, inUsersCheckout } from "../../servers/testing/starter.ts";
import { RunningTask, type Task } from "../../servers/testing/task.ts";
import { readRecord } from "../record/store.ts";

/** A user's folder. */
class UsersFolder extends TemporaryFolder {
  constructor() {
    super();
    Deno.chmodSync(this.path, 0o777);
  }

  /** Starts a command as the user. */
  start(task: Task, ...args: string[]): RunningTask {
    return new RunningTask(task, args, { via: inUsersCheckout() });
  }

  /** Runs it to its end; what it printed. */
  async run(task: Task, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    await using running = this.start(task, ...args);
    const { code, stdout, stderr } = await running.ended();
    assertEquals(code, 0, `${task} ${args.join(" ")}: ${stderr}`);
    return { stdout, stderr };
  }
}

const TINY = ["--clients", "2", "--connections", "5"];
const BENCH = [...TINY, "--children", "2", "--rounds", "1"];

/** A design of each way to make children. */
const EVERY_KIND = "fork-per-client,prefork-file-lock,prethread-mutex,prespawn-mutex,slaunch";

/** How often a text has a word. */
function count(text: string, word: string): number {
  return text.split(word).length - 1;
}

/** Whether a process lets others of its user trace it, if it wants to (Yama). */
const canTrace = Number(tryReadText("/proc/sys/kernel/yama/ptrace_scope") ?? 0) < 2;

Deno.test({
  name:
    "bench runs and traces for an ordinary user, and says once what is missing (ignored without root)",
  ignore: !isLong || (!canBecomeUser),
  async fn() {
    using folder = new UsersFolder();
    const output = `${folder.path}/run`;
    const designs = ["--designs", isLong ? EVERY_KIND : "iterative"];
    const { stdout, stderr } = await folder.run(
      "bench",
      ...designs,
      ...BENCH,
      "--trace",
      "--output",
      output,
    );
    const { run, trials } = readRecord(output);
    assertEquals(trials.filter(({ status }) => status !== "ok"), []);
    assertEquals([...new Set(trials.map(({ check }) => check?.source))], ["schedstat"]);
    assertEquals(count(stdout, "not by a cgroup"), 1);
    assertEquals(run.traces.length, canTrace ? run.plan.designs.length : 0, stderr);
    assertEquals(count(stderr, "cannot trace"), canTrace ? 0 : 1);
  },
});

Deno.test({
  name:
    "bench says where to record, and that a network namespace needs root (ignored without root)",
  ignore: !isLong || (!canBecomeUser),
  async fn() {
    using folder = new UsersFolder();
    const refusals = [
      [[], /^bench: Cannot record into [^\n]*; write another --output\n$/, 2],
      [["--netns", "--output", `${folder.path}/run`], /^bench: [^\n]*sudo[^\n]*\n$/, 4],
    ] as const;
    for (const [args, message, expected] of refusals) {
      await using bench = folder.start("bench", "--quick", ...args);
      const { code, stdout, stderr } = await bench.ended();
      assertEquals([code, stdout], [expected, ""], stderr);
      assertMatch(stderr, message);
    }
  },
});

Deno.test({
  name: "every other command runs for an ordinary user (a long test; ignored without root)",
  ignore: !isLong || !canBecomeUser,
  async fn(test) {
    using folder = new UsersFolder();
    const run = `${folder.path}/run`;
    const serving = async (ends: string[][], [task, ...args]: [Task, ...string[]]) => {
      await using server = folder.start(task, ...args);
      assertMatch((await server.nextLine())!, /^ready: /);
      for (const [client, ...args] of ends) await folder.run(client as Task, ...args);
      server.signal("SIGTERM");
      await server.ended();
    };
    await test.step("serve, load and slaunch at a path", async () => {
      const path = `${folder.path}/socket`;
      const clients = [["load", "--path", path, ...TINY]];
      for (const design of ["prefork-file-lock", "prethread-mutex", "prespawn-mutex", "slaunch"]) {
        await serving(clients, ["serve", design, "--path", path]);
      }
    });
    await test.step("the local designs, doors and channels", async () => {
      const local = `${folder.path}/local`;
      await folder.run("bench", "--local", ...BENCH, "--output", local);
      const door = `${folder.path}/door`;
      await serving([["door-square", "call", door, "12"]], ["door-square", "serve", door]);
      await serving([["channel-myname", "call", "a"]], ["channel-myname", "serve"]);
      await serving([["channel-mymgr", "call", "a"]], ["channel-mymgr", "serve"]);
    });
    await test.step("compare, sweep, tables, figure, runs", async () => {
      await folder.run("compare", "iterative", "prefork-mutex", ...BENCH, "--output", run);
      await folder.run(
        "sweep",
        "--children",
        "1,2",
        ...TINY,
        "--rounds",
        "1",
        "--output",
        `${run}2`,
      );
      await folder.run("tables", run);
      await folder.run("tables", "results/reference");
      await folder.run("compare", run, run);
      await folder.run("figure", "prefork-fd-passing", "--output", `${folder.path}/figure.svg`);
      for (const task of ["runs", "designs", "help"] as const) await folder.run(task);
    });
  },
});
