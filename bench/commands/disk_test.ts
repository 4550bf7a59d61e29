/** A disk that is full, or becomes read-only, while a run is recorded: what was measured is kept. */
import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { isLong } from "../../servers/testing/long.ts";
import { eventually } from "../../servers/testing/process.ts";
import { RunningTask, runTask } from "../../servers/testing/task.ts";
import { tryReadText } from "../../servers/posix/files.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import type { Recorded } from "../record/record.ts";
import { readRecord } from "../record/store.ts";
import { canMount, SmallDisk } from "../record/testing_disk.ts";

const LOAD = ["--designs", "iterative", "--clients", "1", "--connections", "5"];
const PLAN = [...LOAD, "--rounds", "2"];

/** A bench that fails with 5 because something happens to its disk after the first trial. */
async function benchOn(disk: SmallDisk, spoil: () => void) {
  await using bench = new RunningTask("bench", [...PLAN, "--output", disk.path]);
  const firstTrial = () => tryReadText(`${disk.path}/trials.jsonl`)?.includes("\n") || undefined;
  await eventually("the first trial", firstTrial);
  spoil();
  const { code, stdout, stderr } = await bench.ended();
  assertEquals(code, 5, stderr);
  // The tables of what was kept.
  assertMatch(stdout, /^\nTable 30\.1: [^]*\n +0 +iterative +[12] [^]*\nIncomplete: [12] of 2 /);
  return { stderr, kept: readRecord(disk.path) };
}

/** Asserts that one line says what was kept, and how to continue. */
function assertAdvised(stderr: string, reason: string, { path }: SmallDisk, kept: Recorded) {
  const expected = `\nbench: Cannot write ${path}/[a-z.]+: ${reason} \\(os error \\d+\\); ` +
    `${kept.trials.length} of 2 trials are recorded in ${path}; ` +
    `continue with deno task bench --resume ${path}\\n$`;
  assertMatch(stderr, new RegExp(expected));
}

Deno.test({
  name: "bench keeps its trials on a full disk, and continues later (ignored without root)",
  ignore: !canMount,
  async fn() {
    using disk = new SmallDisk();
    const { stderr, kept } = await benchOn(disk, () => disk.fill());
    assertGreater(kept.trials.length, 0);
    assertAdvised(stderr, "No space left on device", disk, kept);
    disk.makeRoom();
    const resumed = await runTask("bench", "--resume", disk.path);
    assertEquals(resumed.code, 0, resumed.stderr);
    const { run, trials } = readRecord(disk.path);
    assertEquals([run.complete, trials.length], [true, 2]);
    assertEquals(trials.slice(0, kept.trials.length), [...kept.trials]);
  },
});

Deno.test({
  name:
    "bench keeps its trials when its folder becomes read-only (a long test; ignored without root)",
  // Another error number than that of a full disk; all else is the same.
  ignore: !canMount || !isLong,
  async fn() {
    using disk = new SmallDisk();
    const { stderr, kept } = await benchOn(disk, () => disk.makeReadOnly());
    assertEquals([kept.run.complete, kept.trials.length], [false, 2]);
    assertAdvised(stderr, "Read-only file system", disk, kept);
    const resumed = await runTask("bench", "--resume", disk.path);
    assertEquals([resumed.code, resumed.stdout], [5, ""]);
    assertMatch(resumed.stderr, /^bench: Cannot write .*: Read-only file system .*\n$/);
  },
});

Deno.test({
  name:
    "bench prints its tables on a full disk, and says how to write the files later (a long test; ignored without root)",
  ignore: !canMount || !isLong,
  async fn() {
    // The report alone takes more than that.
    using disk = new SmallDisk("64k");
    const bench = await runTask("bench", ...LOAD, "--rounds=1", "--output", disk.path);
    assertEquals(bench.code, 5, bench.stderr);
    const advice = `; the record is complete; write the rest with deno task tables ${disk.path}\n`;
    assertMatch(bench.stderr, /\nbench: .*: No space left [^\n]*\n$/);
    assertEquals(bench.stderr.slice(-advice.length), advice);
    assertEquals(readRecord(disk.path).run.complete, true);
    const full = await runTask("tables", disk.path);
    assertEquals([full.code, full.stdout], [5, bench.stdout.slice(1)]);
    assertMatch(full.stderr, /^tables: Cannot write .*: No space left .*\n$/);
    disk.resize("4m");
    assertEquals((await runTask("tables", disk.path)).code, 0);
  },
});

Deno.test({
  name: "figure prints its table though there is no room for its picture (ignored without root)",
  ignore: !isLong || (!canMount),
  async fn() {
    using disk = new SmallDisk();
    disk.fill();
    const outcome = await runTask("figure", "iterative", "--output", `${disk.path}/figure.svg`);
    assertEquals(outcome.code, 5, outcome.stderr);
    assertStringIncludes(outcome.stdout, "listening socket");
  },
});

Deno.test({
  name: "bench refuses a folder that a full disk cannot hold with 5 (ignored without root)",
  ignore: !canMount,
  async fn() {
    // Room for what is there: the disk itself and the folder.
    using disk = new SmallDisk("4m,nr_inodes=2");
    const { code, stdout, stderr } = await runTask(
      "bench",
      ...PLAN,
      "--output",
      `${disk.path}/run`,
    );
    assertEquals([code, stdout], [5, ""]);
    assertMatch(stderr, /^bench: Cannot record into .*: No space left on device .*\n$/);
  },
});

Deno.test({
  name: "bench goes on when its progress goes to a full disk (a long test)",
  ignore: !isLong,
  async fn() {
    using folder = new TemporaryFolder();
    const noRoom = ["/bin/sh", "-c", 'exec "$@" 2>/dev/full', "sh"];
    const args = [...LOAD, "--rounds", "1", "--output", folder.path];
    await using bench = new RunningTask("bench", args, { via: noRoom });
    const { code, stdout } = await bench.ended();
    assertEquals([code, readRecord(folder.path).run.complete], [0, true]);
    assertStringIncludes(stdout, `Recorded in ${folder.path}`);
  },
});

Deno.test("a command whose output goes to a full disk ends with 5", async () => {
  const toFull = ["/bin/sh", "-c", 'exec "$@" >/dev/full', "sh"];
  await using designs = new RunningTask("designs", [], { via: toFull });
  const { code, stderr } = await designs.ended();
  assertEquals(code, 5);
  assertMatch(stderr, /^designs: Cannot write standard output: No space left on device .*\n$/);
});
