/**
 * Flags as data, and the parser of the command line.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import { nearest } from "../../servers/nearest.ts";
import { type NumberFlag, parseNumber } from "./numbers.ts";
import { parseArgs } from "jsr:@std/cli@^1.0.0/parse-args";

/** A flag of a command. */
export type Flag =
  | { readonly kind: "boolean"; readonly help: string }
  | { readonly kind: "string"; readonly value: string; readonly help: string }
  /** It may be written several times. */
  | { readonly kind: "strings"; readonly value: string; readonly help: string }
  | NumberFlag;

/** The flags of a command, by name. */
export type Flags = Readonly<Record<string, Flag>>;

/** The values of flags, as `parseFlags` gives them. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]: ValueOf<F[Name]>;
};

type ValueOf<F extends Flag> = F extends { kind: "boolean" } ? boolean
  : F extends { kind: "string" } ? string | undefined
  : F extends { kind: "strings" } ? readonly string[]
  : F extends { default: number } ? number
  : number | undefined;

/** A parsed command line. */
export interface Parsed<F extends Flags> {
  readonly operands: readonly string[];
  readonly flags: Values<F>;
  /** Names of the flags on the command line. */
  readonly given: ReadonlySet<string>;
}

/**
 * Parses the arguments of a command.
 *
 * @throws {UsageError} for an unknown flag, or a value out of range.
 */
export function parseFlags<F extends Flags>(
  { name: command, flags }: { readonly name: string; readonly flags: F },
  args: readonly string[],
): Parsed<F> {
  const names = Object.keys(flags);
  const isBoolean = (name: string) => flags[name]!.kind === "boolean";
  const valued = names.filter((name) => !isBoolean(name));
  const parsed = parseArgs(withDashes(args, valued), {
    boolean: names.filter(isBoolean),
    string: ["_", ...valued],
    collect: names.filter((name) => flags[name]!.kind === "strings"),
    unknown: (arg: string, key?: string) => {
      if (key === undefined) return;
      const meant = nearest(key, names);
      throw new UsageError(
        `Unknown flag ${arg.split("=")[0]}: ${meant ? `did you mean --${meant}? ` : ""}` +
          `see deno task ${command} --help`,
      );
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

/**
 * The arguments, in which what begins with one dash is no flag after a flag that takes a value: `--sort -COLUMN`.
 * Elsewhere a negative number is an operand, and so is everything after it.
 */
function withDashes(args: readonly string[], valued: readonly string[]): string[] {
  const isDashed = (arg: string | undefined) => /^-[^-]/.test(arg ?? "");
  const takes = (arg: string | undefined) => valued.some((name) => arg === `--${name}`);
  const joined = args.flatMap((arg, i) => {
    if (isDashed(arg) && takes(args[i - 1])) return [];
    return [takes(arg) && isDashed(args[i + 1]) ? `${arg}=${args[i + 1]}` : arg];
  });
  const first = joined.findIndex((arg) => /^-\d/.test(arg));
  return first === -1 || joined.includes("--") ? joined : joined.toSpliced(first, 0, "--");
}

function valueOf(name: string, flag: Flag, value: unknown, given: ReadonlySet<string>): unknown {
  if (flag.kind === "boolean") return value === true;
  if (!given.has(name)) {
    if (flag.kind === "strings") return [];
    return flag.kind === "integer" ? flag.default : undefined;
  }
  const text = Array.isArray(value) ? String(value.at(-1)) : String(value ?? "");
  if (text === "") throw new UsageError(`Missing value: write --${name} ${flag.value}`);
  if (flag.kind === "strings") return value;
  return flag.kind === "string" ? text : parseNumber(name, flag, text);
}

/**
 * Parses a list of processors such as "0,2-3".
 *
 * @param allowed Processors this process may run on (`affinity()`).
 * @throws {UsageError} if it is not such a list, or names another processor.
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

/** How often a benchmark measures. */
export const roundsFlag = (help: string) =>
  ({ kind: "integer", value: "N", default: 5, min: 1, max: 100, help }) as const;
