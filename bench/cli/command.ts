/**
 * A command: its flags as data, what it does, and how its errors become one line and an exit code.
 *
 * @module
 */
import { ExitCode, HerdError, UsageError } from "../../servers/errors.ts";
import { type Flags, type Parsed, parseFlags } from "./flags.ts";
import { printLine } from "./output.ts";

/** A command of `herd.ts`, a task of deno.json. */
export interface Command<F extends Flags = Flags> {
  readonly name: string;
  /** Positional arguments, such as `DESIGN`. */
  readonly operands: string;
  /** One sentence, or more lines. */
  readonly description: string;
  readonly flags: F;
  /** What to write instead, by the option that a `UsageError` names. */
  readonly hints?: Readonly<Record<string, string>>;
  /** Runs it; the exit code is the result. */
  run(parsed: Parsed<F>): Promise<number> | number;
}

/** A command, with the types of its flags. */
export function defineCommand<const F extends Flags>(command: Command<F>): Command<F> {
  return command;
}

/** The text of `--help`. */
export function helpText(
  command: Pick<Command, "name" | "operands" | "description" | "flags">,
): string {
  const rows = Object.entries(command.flags).map(([name, flag]) => [
    flag.kind === "boolean" ? `--${name}` : `--${name} ${flag.value}`,
    flag.kind === "integer" ? `${flag.help} (default ${flag.default})` : flag.help,
  ]);
  const width = Math.max(0, ...rows.map(([left]) => left!.length));
  return [
    command.description,
    "",
    `Usage: deno task ${command.name}${command.operands && ` ${command.operands}`} [flags]`,
    "",
    ...rows.map(([left, right]) => `  ${left!.padEnd(width)}  ${right}`),
  ].join("\n");
}

/** Runs a command: answers `--help`, and turns what it throws into one line and an exit code. */
export async function runCommand<F extends Flags>(
  command: Command<F>,
  args: readonly string[],
): Promise<number> {
  const isDebug = args.includes("--debug");
  const rest = args.filter((arg) => arg !== "--debug");
  if (rest.includes("--help") || rest.includes("-h")) {
    printLine(helpText(command));
    return ExitCode.ok;
  }
  try {
    return await command.run(parseFlags(command, rest));
  } catch (error) {
    if (isDebug) console.error(error);
    const { line, exitCode } = explain(error, command.hints);
    console.error(`${command.name}: ${line}`);
    return exitCode;
  }
}

/** An error in one line, and the exit code that belongs to it. */
export function explain(
  error: unknown,
  hints: Command["hints"] = {},
): { readonly line: string; readonly exitCode: number } {
  if (error instanceof HerdError) {
    const hint = error instanceof UsageError && error.option !== undefined
      ? hints[error.option]
      : undefined;
    return {
      line: hint === undefined ? error.message : `${error.message}; ${hint}`,
      exitCode: error.exitCode,
    };
  }
  if (error instanceof Deno.errors.NotCapable) {
    return {
      line: `Cannot do this with the permissions of this task: ${error.message}`,
      exitCode: ExitCode.usage,
    };
  }
  const message = (error instanceof Error ? error.message : String(error)).split("\n")[0];
  return {
    line:
      `Internal error: ${message}. Please report it, with what --debug prints (CONTRIBUTING.md says where)`,
    exitCode: ExitCode.bug,
  };
}
