/**
 * The command `completions`: a script with which a shell completes commands, flags and designs.
 *
 * @module
 */
import { type Command, type CommandTable, defineCommand } from "../cli/command.ts";
import { completions, SHELLS } from "../cli/completions.ts";
import { printLine } from "../cli/output.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { requireNamed } from "../../servers/nearest.ts";

/** The command; it completes all the others, and itself. */
export function completionsCommand(commands: CommandTable): Command {
  return defineCommand({
    name: "completions",
    operands: "bash|zsh|fish",
    description:
      "Print a script with which a shell completes herd: its commands, flags and designs.\n" +
      "bash and zsh take it by source <(herd completions bash) in ~/.bashrc or ~/.zshrc, fish from the file\n" +
      "~/.config/fish/completions/herd.fish.",
    examples: [["Complete herd in bash", "bash"], ["Complete herd in fish", "fish"]],
    flags: {},
    async run({ operands: [name, ...rest] }) {
      const names = Object.keys(SHELLS) as (keyof typeof SHELLS)[];
      if (name === undefined) {
        throw new UsageError(`Missing shell: write deno task completions ${names.join("|")}`);
      }
      if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one shell only`);
      const shell = requireNamed("shell", name, new Map(names.map((name) => [name, name])));
      const loaded = await Promise.all(Object.values(commands).map((load) => load()));
      printLine(completions(shell, loaded.map(({ command }) => command)));
      return ExitCode.ok;
    },
  });
}
