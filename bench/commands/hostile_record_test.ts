/** Records that somebody edited, or made to do harm: one line and 5, or tables without what a terminal interprets. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { store } from "../record/testing_store.ts";
import { record, rounds } from "../report/testing_fixture.ts";
import { runHere } from "../testing.ts";

const example = record([
  ...rounds("iterative", [0.2, 0.21]),
  ...rounds("prefork-shared-accept", [0.35, 0.36], { children: [600, 400] }),
]);

/** Ends a line, colours what follows, names the window, and ends a line in JavaScript. */
const CONTROL = "\n\r\x1b[31m\x1b]0;x\x07\x9b\u2028\u2029";

/** What is replaced in the files of the example, and what a command that reads it says; null: it works. */
const cases: Readonly<
  Record<string, { of?: string; by: (text: string) => string; says: readonly string[] | null }>
> = {
  ...Object.fromEntries(
    ["__proto__", "constructor", "toString", "", CONTROL, "a\u2028b", "../../etc", "<script>"].map((
      id,
    ) => [
      `a design called ${JSON.stringify(id)}`,
      {
        by: (text) => text.replaceAll('"prefork-shared-accept"', JSON.stringify(id)),
        says: ["run.json", "field plan.designs.1", "the id of a design"],
      },
    ]),
  ),
  "a trial of a design called __proto__": {
    of: "trials.jsonl",
    by: (text) => text.replace("prefork-shared-accept", "__proto__"),
    says: ["trials.jsonl:3", "field design"],
  },
  "a reason with control characters": {
    of: "trials.jsonl",
    by: (text) =>
      text.replace(
        '"status":"ok","reason":null',
        `"status":"failed","reason":${JSON.stringify(CONTROL)}`,
      ),
    says: null,
  },
  "raw control characters and line separators in what the machine is": {
    of: "run.json",
    by: (text) =>
      text.replace('"Example CPU"', JSON.stringify(CONTROL))
        .replace('"6.18.5"', '"6\u2028\x9b\u2029"'),
    says: null,
  },
  "a histogram that is no base64": { ...histogram("?!") },
  "a histogram of another format": { ...histogram(btoa("x".repeat(100))) },
  "a histogram that is cut off": { ...histogram("HISTFAAAAC14nJNpmSzMwMDAxMAAAA==") },
  "a trial that is there twice": {
    of: "trials.jsonl",
    by: (text) => text + text.split("\n")[1] + "\n",
    says: ["trials.jsonl:5", "round 1, position 0 is in line 2 already"],
  },
  "a trial that is no object": { of: "trials.jsonl", by: () => "[]\n", says: ["trials.jsonl:1"] },
  "errors by a key called __proto__": {
    of: "trials.jsonl",
    by: (text) => text.replace('"errors":{}', '"errors":{"__proto__":1}'),
    says: null,
  },
  "more seconds than there are": {
    of: "trials.jsonl",
    by: (text) => text.replace('"total":0.35', '"total":1e308'),
    says: ["trials.jsonl:3", "field cpu.total"],
  },
  "more connections than there are": {
    of: "trials.jsonl",
    by: (text) => text.replaceAll('"connections":600', '"connections":9007199254740991'),
    says: null,
  },
};

/** A case with this in place of a histogram. */
function histogram(text: string) {
  return {
    of: "trials.jsonl",
    by: (line: string) => line.replace('"histogram":""', `"histogram":"${text}"`),
    says: ["round 0, position 0", "client.latency.histogram"],
  };
}

const FORMATS = ["text", "markdown", "csv", "json", "latex"];

for (const [name, { of, by, says }] of Object.entries(cases)) {
  Deno.test(`a record with ${name} is ${says ? "refused in one line" : "read, and prints nothing raw"}`, async () => {
    using folder = new TemporaryFolder();
    store(folder.path, example);
    for (const file of of === undefined ? ["run.json", "trials.jsonl"] : [of]) {
      const path = `${folder.path}/${file}`;
      const before = Deno.readTextFileSync(path);
      const after = by(before);
      assert(before !== after, file);
      Deno.writeTextFileSync(path, after);
    }
    const commands = [
      ["tables", folder.path],
      ...FORMATS.map((format) => ["tables", folder.path, "--format", format]),
    ];
    for (const args of commands) {
      const { code, stdout, stderr } = await runHere(...args);
      if (says === null) assertEquals({ code, stderr }, { code: 0, stderr: "" }, args.join(" "));
      else {
        assertEquals({ code, stdout }, { code: 5, stdout: "" }, `${args.join(" ")}: ${stderr}`);
        assertMatch(stderr, /^[a-z]+: [^\n]+\n$/);
        for (const word of says) assertStringIncludes(stderr, word);
      }
      assertPlain(stdout + stderr, args.join(" "));
    }
    for (
      const name of folder.names.filter((name) => !["run.json", "trials.jsonl"].includes(name))
    ) {
      assertPlain(Deno.readTextFileSync(`${folder.path}/${name}`), name);
    }
  });
}

/** Asserts that a text has no control characters but line feeds. */
function assertPlain(text: string, where: string): void {
  assertEquals(text.match(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}]/gu), null, where);
}
