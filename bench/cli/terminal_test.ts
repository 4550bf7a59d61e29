/** What commands print on a terminal that has no codes. */
import { isLong } from "../../servers/testing/long.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { ROOT } from "../../servers/testing/process.ts";
import { commandLineOf } from "../../servers/testing/task.ts";
import { OnTerminal } from "../../servers/testing/terminal.ts";

const ESCAPE = "\x1b";

/** Runs a command on a terminal that has no codes. */
async function runOnDumb(...[task, ...args]: Parameters<typeof commandLine>) {
  await using terminal = new OnTerminal(commandLine(task, ...args));
  const code = await terminal.ended();
  return { code, text: terminal.lines.join("\n") };
}

const commandLine = (task: "bench" | "serve", ...args: string[]) => [
  ...["/usr/bin/env", "--unset=NO_COLOR", "TERM=dumb"],
  ...commandLineOf(task, args),
];

Deno.test({
  name: "bench prints a line for each trial on a terminal without codes, and no colours",
  ignore: !isLong,
  fn: async () => {
    using folder = new TemporaryFolder();
    const args = [
      "--designs",
      "iterative",
      "--rounds",
      "1",
      "--clients",
      "2",
      "--connections",
      "5",
    ];
    const { code, text } = await runOnDumb("bench", ...args, "--output", `${folder.path}/run`);
    assertEquals([code, text.includes(ESCAPE)], [0, false], text);
    assertStringIncludes(text, "\nround 1/1  iterative ");
    assertStringIncludes(text, "\nTable 30.1: ");
  },
});

Deno.test("tables fits 80 columns on a terminal that has no size", async () => {
  const printed = [[0, 0], [80, 24]].map(async ([columns, rows]) => {
    const command = commandLineOf("tables", [`${ROOT}results/reference`, "--format", "text"]);
    await using terminal = new OnTerminal(command, [columns!, rows!]);
    return [await terminal.ended(), terminal.lines];
  });
  const [sizeless, usual] = await Promise.all(printed);
  assertEquals(sizeless, usual);
});

Deno.test("serve refuses to watch on a terminal without codes", async () => {
  const { code, text } = await runOnDumb("serve", "iterative", "--watch");
  assertEquals([code, text.includes(ESCAPE)], [2, false], text);
  assertStringIncludes(text, "(TERM=dumb); leave out --watch");
});
