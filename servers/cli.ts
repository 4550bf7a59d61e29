/**
 * What the commands share: flags as data, one line for a mistake, the exit codes.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { designs, findDesign } from "./designs.ts";
import type { Design } from "./design.ts";

/** Exit codes of every command. */
export const Exit = {
  fine: 0,
  regression: 1,
  usage: 2,
  failed: 3,
  unsupported: 4,
  unreadable: 5,
  timedOut: 124,
  interrupted: 130,
} as const;

/** A mistake of the user's: one line that says what to write instead, and exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** A flag of a command. */
export type Flag =
  | { readonly kind: "boolean"; readonly help: string }
  | { readonly kind: "string"; readonly value: string; readonly help: string }
  | {
    readonly kind: "integer";
    readonly value: string;
    readonly default: number;
    readonly min: number;
    readonly max: number;
    readonly help: string;
  };

/** The flags of a command, by name. */
export type Flags = Readonly<Record<string, Flag>>;

/** The flags by which bench makes a command its own. */
export const ownerFlags = {
  owner: {
    kind: "integer",
    value: "PID",
    default: 0,
    min: 0,
    max: 2 ** 31 - 1,
    help: "used by bench: end with process PID, start when it says so",
  },
  "same-session": { kind: "boolean", help: "used by bench: stay in its process session" },
} as const;

/** What `parseFlags` makes of them. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name]["kind"] extends "boolean" ? boolean
    : F[Name]["kind"] extends "integer" ? number
    : string | undefined;
};

/** A command as its `--help` tells it. */
export interface Command<F extends Flags> {
  readonly name: string;
  /** Positional arguments, such as `DESIGN`. */
  readonly operands: string;
  readonly description: string;
  readonly flags: F;
}

/** What was written behind a command. */
export interface Parsed<F extends Flags> {
  readonly operands: readonly string[];
  readonly flags: Values<F>;
  /** Names of the flags that were written. */
  readonly given: ReadonlySet<string>;
}

/**
 * Reads a command line.
 *
 * @throws {UsageError} for an unknown flag or a value that does not fit.
 */
export function parseFlags<F extends Flags>(
  { name: command, flags }: Pick<Command<F>, "name" | "flags">,
  args: readonly string[],
): Parsed<F> {
  const names = Object.keys(flags);
  const isBoolean = (name: string) => flags[name]!.kind === "boolean";
  // A negative number is an operand, and what follows it, too.
  const negative = args.findIndex((arg) => /^-\d/.test(arg));
  const marked = negative === -1 || args.includes("--") ? args : args.toSpliced(negative, 0, "--");
  const parsed = parseArgs([...marked], {
    boolean: names.filter(isBoolean),
    string: ["_", ...names.filter((name) => !isBoolean(name))],
    unknown: (arg: string, key?: string) => {
      if (key === undefined) return;
      throw new UsageError(`Unknown flag ${arg.split("=")[0]}: see deno task ${command} --help`);
    },
  }) as Record<string, unknown>;
  const given = new Set(
    names.filter((name) => args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))),
  );
  const values = names.map((name) => [name, valueOf(name, flags[name]!, parsed[name], given)]);
  return {
    operands: (parsed._ as unknown[]).map(String),
    flags: Object.fromEntries(values),
    given,
  };
}

function valueOf(name: string, flag: Flag, value: unknown, given: ReadonlySet<string>): unknown {
  if (flag.kind === "boolean") return value === true;
  if (!given.has(name)) return flag.kind === "integer" ? flag.default : undefined;
  const text = Array.isArray(value) ? String(value.at(-1)) : String(value ?? "");
  if (text === "") throw new UsageError(`Missing value: write --${name} ${flag.value}`);
  if (flag.kind === "string") return text;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= flag.min && number <= flag.max) return number;
  throw new UsageError(
    `Cannot read --${name} as a whole number: current value is "${text}"; ` +
      `write --${name} ${flag.value} from ${flag.min} to ${flag.max}`,
  );
}

/**
 * Reads a list of processors such as "0,2-3".
 *
 * @param allowed Those this process may run on (`affinity()`).
 * @throws {UsageError} if it is no such list, or has a processor that is not allowed.
 */
export function processorsOf(
  flag: string,
  text: string,
  allowed: readonly number[],
): number[] {
  const found = text.split(",").flatMap((range) => {
    const [, first, last = first] = range.match(/^(\d{1,4})(?:-(\d{1,4}))?$/) ?? [];
    const length = Number(last) - Number(first) + 1;
    return length > 0 ? Array.from({ length }, (_, i) => Number(first) + i) : [NaN];
  });
  const odd = found.find((cpu) => !allowed.includes(cpu));
  if (odd === undefined) return [...new Set(found)].toSorted((a, b) => a - b);
  throw new UsageError(
    Number.isNaN(odd)
      ? `Cannot read --${flag} as processors: current value is "${text}"; write a list such as 0,2-3`
      : `Cannot use processor ${odd} of --${flag}: this process may run on ${allowed.join(",")}`,
  );
}

/** The text of `--help`. */
export function helpText<F extends Flags>(command: Command<F>): string {
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

/** A path as the user meant it: a task runs in the checkout, wherever it was started from. */
export function userPath(path: string): string {
  if (path.startsWith("/")) return path;
  const startedIn = Deno.env.get("INIT_CWD");
  const isElsewhere = startedIn !== undefined && startedIn !== Deno.cwd();
  return isElsewhere ? `${startedIn}/${path}` : path;
}

/** The same of a socket's path, which after a leading `@` is an abstract name and no path at all. */
export function userSocket(path: string): string {
  return path.startsWith("@") ? path : userPath(path);
}

/** The design of that id. @throws {UsageError} that lists all ids, if there is none. */
export function requireDesign(id: string): Design {
  const design = findDesign(id);
  if (design) return design;
  const ids = designs.map((design) => design.id).join(", ");
  throw new UsageError(`Unknown design "${id}": write one of ${ids}`);
}

/** Runs a command: answers `--help`, and turns what it throws into one line and an exit code. */
export async function runCommand<F extends Flags>(
  command: Command<F>,
  args: readonly string[],
  body: (parsed: Parsed<F>) => Promise<number> | number,
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(helpText(command));
    return Exit.fine;
  }
  try {
    return await body(parseFlags(command, args));
  } catch (error) {
    const known = EXIT_BY_NAME[(error as Error).name];
    if (known === undefined) throw error;
    console.error(`${command.name}: ${(error as Error).message}`);
    return known;
  }
}

/** By name and not by class, so that a command which never loads libc can share this. */
const EXIT_BY_NAME: Readonly<Record<string, number>> = {
  UsageError: Exit.usage,
  AddressError: Exit.usage,
  SystemError: Exit.unsupported,
  UnsupportedError: Exit.unsupported,
  LoadError: Exit.failed,
  CalibrationError: Exit.failed,
  DoorError: Exit.failed,
  UnreadableError: Exit.unreadable,
};

/** Prints a line to standard output; a reader that went away ends nothing. */
export function printLine(line: string): void {
  const bytes = new TextEncoder().encode(line + "\n");
  try {
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** Prints an event as one line of JSON. */
export function printEvent(event: Readonly<Record<string, unknown>>): void {
  printLine(JSON.stringify(event));
}
