import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { ExitCode, RecordError, UsageError } from "../../servers/errors.ts";
import { sleep } from "../../servers/posix/clocks.ts";
import { pipe } from "../../servers/posix/descriptors.ts";
import { fork } from "../../servers/posix/fork.ts";
import { close, read } from "../../servers/posix/io.ts";
import { waitFor } from "../../servers/testing/fork.ts";
import { SCHEMA_VERSION } from "./record.ts";
import { record, rounds } from "../report/testing_fixture.ts";
import { store } from "./testing_store.ts";
import { readRecord, readTrials, Store } from "./store.ts";

const recorded = record([
  ...rounds("iterative", [0.1, 0.11]),
  ...rounds("prefork-shared-accept", [0.2, 0.21], { children: [600, 400] }),
]);
const { run, trials } = recorded;

/** The example, recorded, with one of its files changed. */
function spoiled(file: string, spoil: (text: string) => string): TemporaryFolder {
  const folder = new TemporaryFolder();
  store(folder.path, recorded);
  const path = `${folder.path}/${file}`;
  Deno.writeTextFileSync(path, spoil(Deno.readTextFileSync(path)));
  return folder;
}

/** Asserts that the record cannot be read, with these words in one line. */
function assertUnreadable(folder: TemporaryFolder, ...words: string[]): void {
  const { message } = assertThrows(() => readRecord(folder.path), RecordError);
  for (const word of [folder.path, ...words]) assertStringIncludes(message, word);
  assertEquals(message.split("\n").length, 1, message);
}

Deno.test("readRecord() reads what Store wrote", () => {
  using folder = new TemporaryFolder();
  store(folder.path, recorded);
  assertEquals(readRecord(folder.path), recorded);
});

Deno.test("Store creates the folder, and its parents", () => {
  using folder = new TemporaryFolder();
  store(`${folder.path}/a/b`, recorded);
  assertEquals(readRecord(`${folder.path}/a/b`), recorded);
});

Deno.test("Store.create() gives a folder to one of two programs that record at once", () => {
  using folder = new TemporaryFolder();
  for (let i = 0; i < 10; i++) {
    const path = `${folder.path}/${i}`;
    const [gate, gateEnd] = pipe();
    const children = [1, 2].map((seed) =>
      fork(() => {
        close(gateEnd);
        const own = { ...run, plan: { ...run.plan, seed } };
        read(gate, new Uint8Array(1)); // until both are here
        try {
          Store.create(path, own);
          sleep(20); // the other one comes meanwhile
          return seed;
        } catch (error) {
          return error instanceof UsageError ? ExitCode.usage + 10 : ExitCode.bug;
        }
      })
    );
    [gate, gateEnd].forEach(close);
    const codes = children.map((pid) => waitFor(pid).code!);
    const seed = Math.min(...codes);
    assertEquals(codes.toSorted((a, b) => a - b), [seed, ExitCode.usage + 10]);
    assertEquals(readRecord(path), { run: { ...run, plan: { ...run.plan, seed } }, trials: [] });
  }
});

Deno.test("Store writes the run and each trial to disk immediately", () => {
  using folder = new TemporaryFolder();
  using store = Store.create(folder.path, run);
  assertEquals(readRecord(folder.path), { run, trials: [] });
  for (const [index, trial] of trials.entries()) {
    store.add(trial);
    assertEquals(readRecord(folder.path).trials, trials.slice(0, index + 1));
  }
});

Deno.test("Store writes one line for each trial, whatever is in its reason", () => {
  using folder = new TemporaryFolder();
  using store = Store.create(folder.path, run);
  store.add({ ...trials[0]!, reason: "one\ntwo\r\u2028three ×" });
  store.add(trials[1]!);
  const text = Deno.readTextFileSync(`${folder.path}/trials.jsonl`);
  assertEquals(text.split("\n").length, 3);
  assertEquals(readRecord(folder.path).trials[0]!.reason, "one\ntwo\r\u2028three ×");
});

Deno.test("readRecord() reads lines of any length, wherever it reads the file in parts", () => {
  using folder = new TemporaryFolder();
  const long = trials.map((trial, index) => ({
    ...trial,
    reason: "a×\u2028".repeat(150_000 + index),
  }));
  store(folder.path, { run, trials: long });
  assertEquals(readRecord(folder.path).trials, long);
});

Deno.test("readRecord() refuses a line that would fill the memory", () => {
  using folder = spoiled("trials.jsonl", (text) => text);
  // A hole in the file, which takes no space.
  Deno.truncateSync(`${folder.path}/trials.jsonl`, 2 ** 30);
  assertUnreadable(folder, `trials.jsonl:${trials.length + 1}`, "too long");
});

Deno.test("readTrials() reads each trial when it is asked for, and keeps none", () => {
  using folder = spoiled("trials.jsonl", (text) => text.replace(/\n/, "\n{broken\n"));
  const reading = readTrials(folder.path);
  assertEquals(reading.next(), { done: false, value: trials[0]! });
  assertThrows(() => reading.next(), RecordError, "trials.jsonl:2");
});

Deno.test("Store replaces run.json, and leaves no other file", () => {
  using folder = new TemporaryFolder();
  using store = Store.create(folder.path, { ...run, complete: false });
  store.add(trials[0]!);
  store.writeRun({ ...run, complete: true, endedAt: "2025-11-21T08:30:00Z" });
  const now = readRecord(folder.path);
  assertEquals([now.run.complete, now.run.endedAt], [true, "2025-11-21T08:30:00Z"]);
  assertEquals(now.trials.length, 1);
  assertEquals(folder.names, ["run.json", "trials.jsonl"]);
});

Deno.test("Store refuses a folder with files, and leaves them alone", () => {
  using folder = new TemporaryFolder();
  store(folder.path, recorded);
  const before = folder.names;
  const { option } = assertThrows(() => Store.create(folder.path, run), UsageError, folder.path);
  assertEquals(option, "folder");
  assertEquals(folder.names, before);
  assertEquals(readRecord(folder.path), recorded);
});

Deno.test("Store refuses a folder that cannot be created", () => {
  using folder = new TemporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  for (const path of [`${folder.path}/file/run`, "/proc/herd"]) {
    const { option } = assertThrows(() => Store.create(path, run), UsageError, path);
    assertEquals(option, "folder");
  }
});

Deno.test("readRecord() ignores an incomplete last line", () => {
  const line = JSON.stringify(trials[0]);
  for (const half of ["{", line.slice(0, -1), line]) {
    using folder = spoiled("trials.jsonl", (text) => text + half);
    assertEquals(readRecord(folder.path), recorded);
  }
});

Deno.test("readRecord() names the broken line", () => {
  using folder = spoiled("trials.jsonl", (text) => text.replace("\n", "\n{broken\n"));
  assertUnreadable(folder, "trials.jsonl:2", "JSON");
});

Deno.test("readRecord() names the wrong field of a trial", () => {
  using wrong = spoiled("trials.jsonl", (text) => text.replace('"status":"ok"', '"status":"fine"'));
  assertUnreadable(wrong, "trials.jsonl:1", "field status");
  using deep = spoiled("trials.jsonl", (text) => text.replace('"p50":0.0002', '"p50":"0.2 ms"'));
  assertUnreadable(deep, "trials.jsonl:1", "field client.latency.p50", "number");
  using negative = spoiled("trials.jsonl", (text) => text.replace('"lost":0', '"lost":-1'));
  assertUnreadable(negative, "trials.jsonl:1", "field children.0.lost");
});

Deno.test("readRecord() names the error in run.json", () => {
  using broken = spoiled("run.json", (text) => text.slice(0, -10));
  assertUnreadable(broken, "run.json", "JSON");
  using field = spoiled("run.json", (text) => text.replace('"rounds": 7', '"rounds": 7.5'));
  assertUnreadable(field, "run.json", "field plan.rounds");
  for (const other of ["", "null", "[]", "7", '"run"']) {
    using folder = spoiled("run.json", () => other);
    assertUnreadable(folder, "run.json");
  }
});

Deno.test("readRecord() refuses a newer schema", () => {
  const version = SCHEMA_VERSION + 1;
  const spoil = (text: string) => JSON.stringify({ ...JSON.parse(text), schema: version, more: 1 });
  using folder = spoiled("run.json", spoil);
  assertUnreadable(folder, "run.json", `schema version ${version}`, `reads ${SCHEMA_VERSION}`);
});

Deno.test("readRecord() names the missing file", () => {
  for (const name of ["run.json", "trials.jsonl"]) {
    using folder = new TemporaryFolder();
    store(folder.path, recorded);
    Deno.removeSync(`${folder.path}/${name}`);
    assertUnreadable(folder, `Cannot find ${folder.path}/${name}`);
  }
});
