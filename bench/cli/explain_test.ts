import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { FailedError, RecordError, UnsupportedError, UsageError } from "../../servers/errors.ts";
import { explain } from "./explain.ts";

Deno.test("explain() gives an error of Herd its message and the exit code of its class", () => {
  const [usage, failed] = [new UsageError("no such"), new FailedError("it died")];
  const [unsupported, record] = [new UnsupportedError("no fork"), new RecordError("full")];
  assertEquals([usage, failed, unsupported, record].map((error) => explain(error)), [
    { line: "no such", exitCode: 2 },
    { line: "it died", exitCode: 3 },
    { line: "no fork", exitCode: 4 },
    { line: "full", exitCode: 5 },
  ]);
});

Deno.test("explain() adds what to write for the option that an error names", () => {
  for (const Class of [UsageError, UnsupportedError]) {
    const error = new Class("Cannot listen on 80", { option: "port" });
    const line = (hints: Record<string, string>) => explain(error, hints).line;
    const expected = "Cannot listen on 80; write another --port";
    assertEquals(line({ port: "write another --port" }), expected);
    assertEquals(line({ path: "write another --path" }), "Cannot listen on 80");
  }
});

Deno.test("explain() takes any other error for a bug, in one line that says where to report it", () => {
  for (const bug of [new TypeError("x is undefined.\n  and more"), "x is undefined"]) {
    const { line, exitCode } = explain(bug);
    assertEquals(exitCode, 70);
    assertMatch(line, /^This is a bug in Herd: x is undefined\. .*--debug.*CONTRIBUTING\.md.*$/);
  }
});

/** Runs a statement in a process after `explainUncaught("bench")`. */
async function endOf(statement: string, ...flags: string[]) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-run", programUrl(statement), ...flags],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

function programUrl(statement: string): string {
  const module = import.meta.resolve("./explain.ts");
  const program = `import { explainUncaught } from "${module}"; explainUncaught("bench"); ` +
    `setInterval(() => {}, 1000); ${statement}`;
  return `data:application/typescript,${encodeURIComponent(program)}`;
}

for (
  const [what, statement] of [
    ["a timer", 'setTimeout(() => { throw new Error("oops"); });'],
    ["a promise nobody waits for", 'Promise.reject(new Error("oops"));'],
    [
      "the listener of a signal",
      'Deno.addSignalListener("SIGUSR1", () => { throw new Error("oops"); });' +
      'Deno.kill(Deno.pid, "SIGUSR1");',
    ],
  ] as const
) {
  Deno.test(`explainUncaught() ends a process with 70 where ${what} throws`, async () => {
    const { code, stderr } = await endOf(statement);
    assertEquals(code, 70, stderr);
    assertMatch(stderr, /^bench: This is a bug in Herd: oops\. .*\n$/);
  });
}

Deno.test("explainUncaught() keeps the exit code of an error of Herd, and prints its stack for --debug", async () => {
  const errors = import.meta.resolve("../../servers/errors.ts");
  const statement = `import { RecordError } from "${errors}"; setTimeout(() => fail());` +
    'function fail() { throw new RecordError("full"); }';
  const { code, stderr } = await endOf(statement, "--debug");
  assertEquals(code, 5);
  assertMatch(stderr, /\nbench: full\n$/);
  assertStringIncludes(stderr, "at fail (");
});
