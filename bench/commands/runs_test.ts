/** The command runs, and what finds runs by their names. */
import { isLong } from "../../servers/testing/long.ts";
import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { runTask } from "../../servers/testing/task.ts";
import { UsageError } from "../../servers/errors.ts";
import type { Run } from "../record/record.ts";
import { readRecord, Store } from "../record/store.ts";
import { store } from "../record/testing_store.ts";
import { record, rounds } from "../report/testing_fixture.ts";
import { defaultFolder } from "../run/record_run.ts";
import { assertRefused, runHere } from "../testing.ts";

const DAY_MS = 24 * 3600 * 1000;
const ago = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();
const { run, trials } = record([
  ...rounds("iterative", [0.2, 0.21]),
  ...rounds("prefork-mutex", [0.35, 0.36], { children: [600, 400] }),
]);

/** A checkout for one test: a folder with results/ as the current one. */
class Checkout extends TemporaryFolder {
  readonly #before = Deno.cwd();
  readonly #startedIn = Deno.env.get("INIT_CWD");

  constructor() {
    super();
    Deno.chdir(this.path);
    Deno.env.set("INIT_CWD", this.path);
  }

  /** Records a run that began so many days ago. */
  add(name: string, days: number, change: Partial<Run> = {}): void {
    store(`results/${name}`, { run: { ...run, startedAt: ago(days), ...change }, trials });
  }

  get runs(): string[] {
    return [...Deno.readDirSync("results")].map(({ name }) => name).toSorted();
  }

  override [Symbol.dispose](): void {
    Deno.chdir(this.#before);
    if (this.#startedIn === undefined) Deno.env.delete("INIT_CWD");
    else Deno.env.set("INIT_CWD", this.#startedIn);
    super[Symbol.dispose]();
  }
}

/** A checkout with a few runs, and folders that are none. */
function filled(): Checkout {
  const checkout = new Checkout();
  checkout.add("reference", 100);
  checkout.add("old", 40, { name: "main" });
  checkout.add("new", 1, { name: "main", complete: false });
  const changed = { commit: "0123456789abcdef", dirty: true };
  checkout.add("middle", 20, { environment: { ...run.environment, ...changed } });
  Deno.mkdirSync("results/notes");
  Deno.writeTextFileSync("results/notes/run.txt", "mine");
  Deno.mkdirSync("results/broken");
  Deno.writeTextFileSync("results/broken/run.json", "{");
  new Deno.Command("ln", { args: ["-s", "old", "results/link"] }).outputSync();
  return checkout;
}

const ALL = ["broken", "link", "middle", "new", "notes", "old", "reference"];

Deno.test("runs lists recorded runs, the newest first, and says what it cannot read", async () => {
  using _ = filled();
  const { code, stdout, stderr } = await runHere("runs");
  assertEquals(code, 0);
  assertMatch(stderr, /^Not listed: Cannot read results\/broken\/run\.json as JSON: .*\n$/);
  const rows = stdout.matchAll(/^(\d{4}-\d\d-\d\d \d\d:\d\d) +results\/(\S+) +(.*)$/gm);
  assertEquals([...rows].map(([, time, name, rest]) => [time, name, rest!.split(/ {2,}/)]), [
    [minutes(1), "new", ["main", "2 designs × 1 round", "–", "4 of 4 trials", "0"]],
    [minutes(20), "middle", ["–", "2 designs × 1 round", "0123456789-dirty", "yes", "0"]],
    [minutes(40), "old", ["main", "2 designs × 1 round", "–", "yes", "0"]],
    [minutes(100), "reference", ["–", "2 designs × 1 round", "–", "yes", "0"]],
  ]);
});

function minutes(days: number): string {
  return ago(days).slice(0, 16).replace("T", " ");
}

Deno.test("runs --json prints a run a line", async () => {
  using _ = filled();
  const { stdout } = await runHere("runs", "--json");
  const [first, ...rest] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rest.length, 3);
  assertEquals([first.folder, first.name, first.complete], ["results/new", "main", false]);
  assertEquals(first.designs, ["iterative", "prefork-mutex"]);
  assertEquals([first.rounds, first.trials], [1, { planned: 4, recorded: 4 }]);
  assertEquals([first.commit, first.dirty, first.warnings], [null, null, []]);
  assertEquals([rest[0].commit, rest[0].dirty], ["0123456789abcdef", true]);
});

Deno.test("runs of an empty checkout says how to record one", async () => {
  using _ = new Checkout();
  const { code, stdout, stderr } = await runHere("runs");
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "deno task bench");
});

Deno.test("runs prune lists what it would remove, and removes it with --yes", async () => {
  using checkout = filled();
  const listed = await runHere("runs", "prune", "--keep", "1");
  assertEquals([listed.code, listed.stderr, checkout.runs], [0, "", ALL]);
  assertEquals(listed.stdout.match(/^Would remove \S+/gm), [
    "Would remove results/middle",
    "Would remove results/old",
  ]);
  assertStringIncludes(listed.stdout, "2 would be removed, 1 kept; add --yes to remove them");
  const removed = await runHere("runs", "prune", "--keep", "1", "--yes");
  assertEquals(removed.stdout.match(/^Removed \S+/gm), [
    "Removed results/middle",
    "Removed results/old",
  ]);
  assertEquals(checkout.runs, ALL.filter((name) => name !== "middle" && name !== "old"));
});

Deno.test("runs prune keeps what one of two limits keeps", async () => {
  using checkout = filled();
  await runHere("runs", "prune", "--keep=0", "--older-than=30d", "--yes");
  assertEquals(checkout.runs, ALL.filter((name) => name !== "old"));
  const { stdout } = await runHere(
    "runs",
    "prune",
    "--keep=2",
    "--older-than=1h",
    "--yes",
    "--json",
  );
  assertEquals(stdout, "");
  await runHere("runs", "prune", "--older-than", "10d", "--yes");
  assertEquals(checkout.runs, ALL.filter((name) => name !== "old" && name !== "middle"));
});

Deno.test("runs prune leaves a run that is under way, and nobody else can record into it", async () => {
  using checkout = new Checkout();
  using _ = Store.create("results/now", { ...run, complete: false });
  assertThrows(() => Store.reopen("results/now"), UsageError, "another program records there");
  assertMatch((await runHere("runs")).stdout, /results\/now .* under way /);
  const { stdout } = await runHere("runs", "prune", "--keep", "0", "--yes");
  assertEquals([stdout, checkout.runs], ["Nothing to remove: 1 kept\n", ["now"]]);
});

Deno.test("runs refuses what it does not know, and to prune without a limit", async () => {
  assertRefused(await runHere("runs", "list"), 2, '"list"', "runs prune");
  assertRefused(await runHere("runs", "--keep", "3"), 2, "--keep", "prune");
  assertRefused(await runHere("runs", "prune", "--yes"), 2, "--keep N", "--older-than 30d");
});

Deno.test("a run is found by its name, the newest of several; --last is the newest run", async () => {
  using checkout = filled();
  checkout.add("main.2", 3);
  const of = (...args: string[]) => runHere("tables", ...args, "--format", "json");
  const startOf = async (...args: string[]) => JSON.parse((await of(...args)).stdout).startedAt;
  const started = (name: string) => readRecord(`results/${name}`).run.startedAt;
  assertEquals(await startOf("main"), started("new"));
  assertEquals(await startOf("main.2"), started("main.2"));
  assertEquals(await startOf("--last"), started("new"));
  // A folder of that name goes before.
  store("main", { run, trials });
  assertEquals(await startOf("main"), run.startedAt);
  const compared = await runHere("compare", "middle", "old", "--across");
  assertEquals(compared.code, 0, compared.stderr);
  assertStringIncludes(compared.stdout, "prefork-mutex");
});

Deno.test({
  name: "bench records a name, as part of its folder (a long test)",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const args = ["--designs", "iterative", "--quick", "--connections", "2", "--clients", "1"];
    const output = `${folder.path}/run`;
    const bench = await runTask("bench", ...args, "--name", "before-fix", "--output", output);
    assertEquals(bench.code, 0, bench.stderr);
    assertEquals(readRecord(output).run.name, "before-fix");
    assertMatch(
      defaultFolder("before-fix"),
      /^results\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-before-fix$/,
    );
    assertRefused(await runHere("bench", "--name", "a/b"), 2, '"a/b"', "--name");
    assertRefused(await runHere("bench", "--name", "prefork-mutex"), 2, "prefork-mutex", "--name");
  },
});
