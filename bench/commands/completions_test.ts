/** The completions, each asked for with the tab key in the shell itself. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { SHELLS } from "../cli/completions.ts";
import { OnTerminal } from "../../servers/testing/terminal.ts";
import { TemporaryFolder } from "../../servers/testing/folder.ts";
import { assertRefused, runHere } from "../testing.ts";

/** A shell that reads no files of a user, and what it runs first: herd prints its arguments. */
const STARTS = {
  bash: [["bash", "--noprofile", "--norc", "-i"], 'herd() { echo "<$*>"; }', "source FILE"],
  zsh: [
    ["zsh", "-f", "-i"],
    'herd() { echo "<$*>"; }',
    "autoload -U compinit && compinit -u -D && source FILE",
  ],
  fish: [
    ["fish", "--no-config", "-i"],
    'function herd; echo "<$argv>"; end',
    "source FILE",
  ],
} as const;

/** What is typed up to the tab key, and the arguments that it becomes. */
const CASES = [
  ["swee", "sweep"],
  ["bench --desi", "bench --designs"],
  ["bench --designs prefork-mu", "bench --designs prefork-mutex"],
  ["bench --designs iterative,prefork-mu", "bench --designs iterative,prefork-mutex"],
  ["bench --designs=iterative,prefork-mu", "bench --designs=iterative,prefork-mutex"],
  ["bench --sessions sa", "bench --sessions same"],
  ["serve prethread-mai", "serve prethread-main-accept"],
  ["serve iterative --verb", "serve iterative --verbose"],
  ["load --transport doo", "load --transport door"],
  ["completions fi", "completions fish"],
  ["help swee", "help sweep"],
  ["bench --output FOLDER/compl", "bench --output FOLDER/completions"],
  ["tables FOLDER/compl", "tables FOLDER/completions"],
] as const;

function isInstalled(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["-c", "true"] }).outputSync().success;
  } catch {
    return false;
  }
}

for (const shell of Object.keys(SHELLS) as (keyof typeof SHELLS)[]) {
  Deno.test({
    name: `${shell} completes commands, flags, designs and files (ignored where there is none)`,
    ignore: !isInstalled(shell),
    async fn() {
      using folder = new TemporaryFolder();
      const file = `${folder.path}/completions`;
      const { code, stdout } = await runHere("completions", shell);
      assertEquals(code, 0);
      Deno.writeTextFileSync(file, stdout);
      const [commandLine, ...lines] = STARTS[shell];
      await using terminal = new OnTerminal(commandLine);
      for (const line of lines) terminal.type(`${line.replace("FILE", file)}\n`);
      terminal.type("herd is-ready\n");
      await terminal.until(/<is-ready>/);
      const inFolder = (text: string) => text.replace("FOLDER", folder.path);
      for (const [typed, expected] of CASES.map((texts) => texts.map(inFolder))) {
        terminal.type(`herd ${typed}\t\n`);
        const [, found] = await terminal.until(new RegExp(`<(${typed}[^>]*)>`));
        assertEquals(found!.trimEnd(), expected);
      }
      terminal.type("exit\n");
      await terminal.ended();
    },
  });
}

Deno.test("completions names the shells it knows", async () => {
  assertRefused(await runHere("completions"), 2, "write deno task completions bash|zsh|fish");
  const { code, stderr } = await runHere("completions", "powershell");
  assertEquals(code, 2);
  for (const shell of Object.keys(SHELLS)) assertStringIncludes(stderr, shell);
});
