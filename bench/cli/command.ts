/**
 * A command: its flags as data, its function, and its help.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { ExitCode } from "../../servers/errors.ts";
import { type Hints, printError } from "./explain.ts";
import { type Exit, exitLines } from "./exit_codes.ts";
import { type Flags, type Parsed, parseFlags } from "./flags.ts";
import { hasUnits, numberHelp, UNITS_HELP } from "./numbers.ts";
import { printLine } from "./output.ts";
import { asWrittenHere } from "./way_in.ts";

/** A command of `herd.ts`; each is a task in deno.json. */
export interface Command<F extends Flags = Flags> {
  readonly name: string;
  /** Positional arguments, such as `DESIGN`. */
  readonly operands: string;
  /** What it does, in one sentence or more lines. */
  readonly description: string;
  /** What one may write: what it does, and the arguments. */
  readonly examples: readonly (readonly [does: string, args: string])[];
  readonly flags: F;
  /** Exit codes besides those of every command. */
  readonly exits?: readonly Exit[];
  readonly hints?: Hints;
  /** Runs it; the exit code is the result. */
  run(parsed: Parsed<F>): Promise<number> | number;
}

/** Commands by name. Each is loaded when it runs. */
export type CommandTable = Readonly<Record<string, () => Promise<{ readonly command: Command }>>>;

/** Defines a command; `run` gets flags of the right types. */
export function defineCommand<const F extends Flags>(command: Command<F>): Command<F> {
  return command;
}

/** Flags of every command. */
export const COMMON: readonly (readonly [string, string])[] = [
  ["--debug", "Print the stack of an error"],
  ["--version", "Print the version of Herd"],
  ["-h, --help", "Print this help"],
];

/** The text of `--help`. */
export function helpText(
  command: Omit<Command, "run" | "hints">,
): string {
  const flags = Object.values(command.flags);
  const own = Object.entries(command.flags).map(([name, flag]) =>
    [
      flag.kind === "boolean" ? `--${name}` : `--${name} ${flag.value}`,
      flag.kind === "integer" ? numberHelp(flag) : flag.help,
    ] as const
  );
  const rows = [...own, ...COMMON];
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    command.description,
    "",
    `Usage: deno task ${command.name}${command.operands && ` ${command.operands}`} [flags]`,
    "",
    "Flags:",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    ...(flags.some((flag) => flag.kind === "integer" && hasUnits(flag)) ? ["", UNITS_HELP] : []),
    "",
    "Examples:",
    ...command.examples.flatMap(([does, args]) => [
      `  ${does}:`,
      `    ${`deno task ${command.name} ${args}`.trimEnd()}`,
    ]),
    "",
    "Exit codes:",
    ...exitLines(command.exits ?? []).map((line) => `  ${line}`),
  ].join("\n");
}

/** Runs a command: answers `--help`, `help` and `--version`, and turns what it throws into one line and an exit code. */
export async function runCommand<F extends Flags>(
  command: Command<F>,
  args: readonly string[],
): Promise<number> {
  const isDebug = args.includes("--debug");
  const rest = args.filter((arg) => arg !== "--debug");
  try {
    const isHelp = rest.includes("--help") || rest.includes("-h") ||
      rest.length === 1 && rest[0] === "help";
    if (isHelp || rest.includes("--version")) {
      printLine(
        isHelp
          ? asWrittenHere(helpText(command))
          : `Herd ${config.version}, Deno ${Deno.version.deno}`,
      );
      return ExitCode.ok;
    }
    return await command.run(parseFlags(command, rest));
  } catch (error) {
    return printError(command.name, error, { hints: command.hints, isDebug });
  }
}
