/** The command tables: which run it reads, and what it prints and writes. */
import { isLong } from "../../servers/testing/long.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { RunningProcess } from "../../servers/testing/process.ts";
import { runTask, taskArguments } from "../../servers/testing/task.ts";
import { canMount, SmallDisk } from "../record/testing_disk.ts";
import { store } from "../record/testing_store.ts";
import { record, rounds } from "../report/testing_fixture.ts";
import { assertRefused, runHere } from "../testing.ts";

const example = record([
  ...rounds("iterative", [0.2, 0.21]),
  ...rounds("prefork-shared-accept", [0.35, 0.36], { children: [600, 400] }),
]);

Deno.test("tables reads a folder, with or without a slash, its run.json, or a name under results/", async () => {
  using folder = new TemporaryFolder();
  store(folder.path, example);
  const { stdout } = await runHere("tables", folder.path);
  assertStringIncludes(stdout, "prefork-shared-accept");
  for (const operand of [`${folder.path}/`, `${folder.path}//run.json`]) {
    assertEquals(await runHere("tables", operand), { code: 0, stdout, stderr: "" });
  }
  const csv = ["--format", "csv"];
  const reference = await runHere("tables", "results/reference", ...csv);
  assertEquals(reference.code, 0);
  assertEquals(await runHere("tables", "reference", ...csv), reference);
});

Deno.test("tables reads a record that is larger than its memory", async () => {
  using folder = new TemporaryFolder();
  const { run, trials: [trial] } = example;
  store(folder.path, { run, trials: [] });
  using file = Deno.openSync(`${folder.path}/trials.jsonl`, { append: true });
  // Those that a page may contain take 20 MB, all of them 120.
  for (let round = 0; round < 12_000; round++) {
    const line = JSON.stringify({ ...trial, round, reason: "x".repeat(10_000) }) + "\n";
    file.writeSync(new TextEncoder().encode(line));
  }
  const [verb, ...args] = taskArguments("tables");
  await using tables = new RunningProcess([
    ...[Deno.execPath(), verb!, "--v8-flags=--max-old-space-size=64", ...args],
    ...[folder.path, "--format=csv", "--columns=design,rounds_ok"],
  ]);
  const { code, stdout, stderr } = await tables.ended();
  assertEquals({ code, stdout }, {
    code: 0,
    stdout: "design,rounds_ok\niterative,12000\nprefork-shared-accept,0\n",
  }, stderr);
});

Deno.test("tables refuses a word that is neither a folder nor a run", async () => {
  assertRefused(await runHere("tables", "nowhere"), 2, '"nowhere"', "deno task runs");
  assertRefused(await runHere("tables", "reference", "--last"), 2, "--last");
});

Deno.test("tables prints in each format, and then writes no files", async () => {
  using folder = new TemporaryFolder();
  store(folder.path, example);
  const { names } = folder;
  for (
    const [format, start] of [
      ["text", /^Table 30\.1: .*\n\n/],
      ["markdown", /^# Table 30\.1: .*\n\n\| row \| /],
      ["csv", /^row,design,/],
      ["latex", /^\\begin\{table\}/],
      ["json", /^\{\n {2}"schema": 1,\n/],
    ] as const
  ) {
    const { code, stdout, stderr } = await runHere("tables", folder.path, "--format", format);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertMatch(stdout, start);
    assert(stdout.endsWith("\n") && !stdout.endsWith("\n\n"), format);
  }
  const sorted = ["--columns", "design, cpu_seconds", "--sort", "-cpu_seconds", "--format=csv"];
  assertEquals(
    (await runHere("tables", folder.path, ...sorted)).stdout,
    "design,cpu_seconds\nprefork-shared-accept,0.355\niterative,0.20500000000000002\n",
  );
  assertEquals(folder.names, names);
});

Deno.test("tables refuses a format or a column that there is not, and names those that there are", async () => {
  using folder = new TemporaryFolder();
  store(folder.path, example);
  const refused = async (...flags: string[]) => await runHere("tables", folder.path, ...flags);
  assertRefused(await refused("--format", "xml"), 2, '"xml"', "markdown, csv, json, latex");
  assertRefused(await refused("--columns", "cpu"), 2, '"cpu"', "design", "cpu_seconds", "child");
  assertRefused(await refused("--sort", "-cpu"), 2, '"cpu"', "cpu_seconds");
  assertRefused(await refused("--sort"), 2, "--sort");
});

Deno.test({
  name: "tables prints a run in a folder that cannot be written (ignored without root)",
  ignore: !isLong || (!canMount),
  async fn() {
    using disk = new SmallDisk();
    store(`${disk.path}/run`, example);
    const printed = await runTask("tables", `${disk.path}/run`);
    disk.makeReadOnly();
    const { code, stdout, stderr } = await runTask("tables", `${disk.path}/run`);
    assertEquals([code, stdout], [0, printed.stdout]);
    assertMatch(stderr, /^No files are written: Cannot write .*: Read-only file system.*\n$/);
  },
});

Deno.test("tables prints a run in a folder that its task must not write", async () => {
  using folder = new TemporaryFolder();
  store(folder.path, example);
  // All else is as in its task.
  const permissions = taskArguments("tables")
    .map((argument) => argument.replace(/^--allow-write$/, "--allow-write=results"));
  await using tables = new RunningProcess([Deno.execPath(), ...permissions, folder.path]);
  const { code, stdout, stderr } = await tables.ended();
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "prefork-shared-accept");
  assertMatch(
    stderr,
    /^No files are written: Cannot write .*: this program has no permission .*\n$/,
  );
});
