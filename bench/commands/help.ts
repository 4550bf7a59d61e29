/**
 * The command `help`: list the commands, or print the help of one.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { type Command, type CommandTable, defineCommand, helpText } from "../cli/command.ts";
import { printLine } from "../cli/output.ts";
import { asWrittenHere } from "../cli/way_in.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { requireNamed } from "../../servers/nearest.ts";

/** The command; it knows all the others, and itself. */
export function helpCommand(commands: CommandTable): Command {
  return defineCommand({
    name: "help",
    operands: "[COMMAND]",
    description: "List the commands, or print the help of one.",
    examples: [
      ["List the commands", ""],
      ["Print the flags, examples and exit codes of bench", "bench"],
    ],
    flags: {},
    async run({ operands: [name, ...rest] }) {
      if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one command only`);
      if (name === undefined) printLine(asWrittenHere(list(Object.keys(commands))));
      else {
        const load = requireNamed("command", name, new Map(Object.entries(commands)));
        printLine(asWrittenHere(helpText((await load()).command)));
      }
      return ExitCode.ok;
    },
  });
}

function list(names: readonly string[]): string {
  const width = Math.max(...names.map((name) => name.length));
  const tasks: Readonly<Record<string, { readonly description: string }>> = config.tasks;
  return [
    "Usage: deno task COMMAND [flags]",
    "",
    "Commands:",
    ...names.map((name) => `  ${name.padEnd(width)}  ${tasks[name]!.description}`),
    "",
    "deno task help COMMAND has the flags, examples and exit codes of one.",
  ].join("\n");
}
