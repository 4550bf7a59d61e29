/** Help: what it prints, and that what it tells to write can be written. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { ExitCode } from "../../servers/errors.ts";
import { designsOf } from "../cli/choice.ts";
import { EXIT_CODES } from "../cli/exit_codes.ts";
import { parseFlags } from "../cli/flags.ts";
import { commands } from "../herd.ts";
import { assertRefused, runHere } from "../testing.ts";

for (const [name, load] of Object.entries(commands)) {
  Deno.test(`help ${name} is what --help prints, with examples that can be written`, async () => {
    const { command: { examples, flags, operands } } = await load();
    const help = await runHere("help", name);
    assertEquals(help, await runHere(name, "--help"));
    assertEquals(help.code, 0);
    assert(examples.length >= (operands === "" && Object.keys(flags).length === 0 ? 1 : 2), name);
    for (const [, args] of examples) {
      assertStringIncludes(help.stdout, `deno task ${name} ${args}`.trimEnd() + "\n");
      const words = args.match(/(?:[^\s']|'[^']*')+/g) ?? []; // as a shell splits them
      const parsed = parseFlags({ name, flags }, words.map((word) => word.replaceAll("'", "")));
      const { designs } = parsed.flags as { designs?: string };
      if (designs !== undefined) assert(designsOf(designs, [], false, "bytes").length > 1, designs);
    }
  });
}

Deno.test("a command answers help as its only operand, and --version", async () => {
  assertEquals(await runHere("bench", "help"), await runHere("bench", "--help"));
  assertEquals(await runHere("serve", "help"), await runHere("serve", "-h"));
  for (const args of [["bench", "--version"], ["--version"]]) {
    const { code, stdout } = await runHere(...args);
    assertEquals([code, stdout], [0, `Herd ${config.version}, Deno ${Deno.version.deno}\n`]);
  }
});

Deno.test("help lists every command with what it does, and so does --help", async () => {
  const { code, stdout } = await runHere("help");
  assertEquals(code, 0);
  for (const name of Object.keys(commands)) {
    const { description } = config.tasks[name as keyof typeof config.tasks];
    assertMatch(stdout, new RegExp(`^  ${name} +${RegExp.escape(description)}$`, "m"));
  }
  assertEquals((await runHere("--help")).stdout, stdout);
});

Deno.test("help has the exit codes of a command and no others", async () => {
  const codesIn = async (name: string) =>
    [...(await runHere("help", name)).stdout.matchAll(/^ +(\d+) {2}\S/gm)].map(([, code]) => code);
  assertEquals(await codesIn("designs"), ["0", "2", "70"]);
  assertEquals(await codesIn("compare"), Object.values(ExitCode).map(String));
  assertEquals(Object.keys(EXIT_CODES).toSorted(), Object.keys(ExitCode).toSorted());
});

Deno.test("help refuses a command that is none, and more than one", async () => {
  assertRefused(await runHere("help", "benhc"), 2, "did you mean bench?");
  assertRefused(await runHere("help", "x-y-z"), 2, "write one of bench, compare");
  assertRefused(await runHere("help", "bench", "serve"), 2, '"serve"');
});
