/**
 * Stands in for `jsr:@std/cli/parse-args` where JSR is out of reach. It behaves as the published one:
 * dotted names (`--a.b`) and a value at the end of a group (`-ab=5`) are all that is left out.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 *
 * const flags = parseArgs(["--json", "--port=8080"], { boolean: ["json"], string: ["port"] });
 * console.log(flags.json, flags.port); // true "8080"
 * ```
 *
 * @module
 */

type Names<T> = T | readonly T[];

/** Options of {@linkcode parseArgs}; the name of a flag stands without its dashes. */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  N extends string = string,
  D extends Record<string, unknown> = Record<string, unknown>,
  DD extends boolean = boolean,
> {
  /** Keeps what follows `--` apart, in the result's `"--"`. */
  "--"?: DD;
  /** Other names of a flag. */
  alias?: Record<string, string | readonly string[]>;
  /** Flags without a value, `false` unless given; `true` means every `--flag` without `=`. */
  boolean?: Names<B> | boolean;
  /** Flags that may be given several times; their values are collected into an array. */
  collect?: Names<C>;
  /** What a flag is when it was not given. */
  default?: D;
  /** Flags that `--no-flag` turns to `false`. */
  negatable?: Names<N>;
  /** Stops at the first argument that is no flag; the rest lands in `_` as it is. */
  stopEarly?: boolean;
  /** Flags whose value stays a string, never a number. */
  string?: Names<S>;
  /**
   * Called with each flag that no option names, and with each argument that is no flag (as `arg`
   * alone). What it returns `false` for is left out of the result.
   */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Value<K, T, N> = K extends N ? T | false : T;

type Flags<B extends string, S extends string, C extends string, N extends string> =
  & { [K in Exclude<B, C>]: boolean }
  & { [K in Exclude<S, C | "_">]?: Value<K, string, N> }
  & { [K in B & C]: boolean[] }
  & { [K in S & C]: Value<K, string[], N> }
  & { [K in Exclude<C, S | B>]: Value<K, unknown[], N> };

type WithDefaults<F, D> =
  & Omit<F, keyof D>
  & {
    [K in keyof D]: K extends keyof F ? D[K] | NonNullable<F[K]> : unknown;
  };

/** What {@linkcode parseArgs} returns: a value each flag, and the other arguments in `_`. */
export type Args<
  // deno-lint-ignore no-explicit-any
  F extends Record<string, unknown> = Record<string, any>,
  DD extends boolean = false,
> =
  & F
  & { _: (string | number)[] }
  & (DD extends true ? { "--": string[] } : unknown);

type Parsed<
  B extends string,
  S extends string,
  C extends string,
  N extends string,
  D extends Record<string, unknown>,
> =
  // deno-lint-ignore no-explicit-any
  [B | S | C] extends [never] ? Record<string, any>
    : WithDefaults<Flags<B, S, C, N>, D> & Record<string, unknown>;

/** Parses a command line, such as `Deno.args`, into flags and the other arguments. */
export function parseArgs<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  N extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
  DD extends boolean = false,
>(
  args: readonly string[],
  options: ParseOptions<B, S, C, N, D, DD> = {},
): Args<Parsed<B, S, C, N, D>, DD> {
  const { stopEarly = false, unknown = () => true } = options;
  const flags = flagsOf(options);
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const rest = args.slice(end + 1);
  const result: Args = { _: [] };

  for (const { arg, index, name, value } of read(args.slice(0, end), flags)) {
    if (name === undefined) {
      if (unknown(arg) !== false) result._.push(flags.string.has("_") ? arg : numeric(arg));
      if (!stopEarly) continue;
      result._.push(...args.slice(index + 1, end));
      break;
    }
    if (!flags.isKnown(name, arg) && unknown(arg, name, value) === false) continue;
    const typed = flags.string.has(name) ? value : numeric(value);
    const collects = flags.collect.has(name) && !flags.isNegated(arg);
    for (const key of flags.aliases(name)) {
      result[key] = collects ? [result[key] || []].flat().concat(typed) : typed;
    }
  }

  for (const [name, value] of flags.defaults) {
    if (Object.hasOwn(result, name)) continue;
    for (const key of flags.aliases(name)) result[key] = value;
  }
  if (options["--"]) result["--"] = rest;
  else result._.push(...rest);
  return result as Args<Parsed<B, S, C, N, D>, DD>;
}

/** What the options say of each flag, under all of its names. */
function flagsOf(options: ParseOptions) {
  const groups = Object.entries(options.alias ?? {}).map((group) => group.flat());
  const aliases = (name: string) => groups.find((group) => group.includes(name)) ?? [name];
  const named = (names: Names<string> | boolean = []) =>
    new Set([names].flat().filter((name) => typeof name === "string").flatMap(aliases));
  const boolean = named(options.boolean);
  const string = named(options.string);
  const collect = named(options.collect);
  const negatable = named(options.negatable);
  const isBoolean = (name: string, arg: string) =>
    boolean.has(name) || options.boolean === true && /^--[^=]+$/.test(arg);
  const defaults = [
    ...Object.entries(options.default ?? {}),
    ...[...boolean].map((name) => [name, collect.has(name) ? [] : false] as const),
    ...[...string].filter((name) => collect.has(name)).map((name) => [name, []] as const),
  ];
  return {
    aliases,
    string,
    collect,
    defaults,
    isBoolean,
    isKnown: (name: string, arg: string) =>
      isBoolean(name, arg) || string.has(name) || collect.has(name) || aliases(name).length > 1,
    isNegated: (arg: string) => arg.startsWith("--no-") && negatable.has(arg.slice(5)),
  };
}

/** A flag and its value, or an argument that is no flag and so has no name. */
interface Argument {
  arg: string;
  index: number;
  name?: string;
  value?: string | boolean;
}

/** Reads arguments, among which there is no `--`, and gives each flag its value. */
function* read(args: readonly string[], flags: ReturnType<typeof flagsOf>): Iterable<Argument> {
  // `-p=80` and `-p80` mean `--p=80`.
  const long = args.map((arg) => arg.replace(/^-([a-z])(?:=(.*)|(.*\d))$/is, "--$1=$2$3"));
  const tokens = long.flatMap(tokenize);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const { index } = token;
    const arg = args[index]!;
    if (token.name === undefined) {
      yield { arg, index };
    } else if (flags.isNegated(arg)) {
      yield { arg, index, name: arg.slice(5), value: false };
    } else {
      const { name } = token;
      const isBoolean = flags.isBoolean(name, arg);
      const after = tokens[i + 1];
      const next = after && after.name === undefined ? args[index + 1]! : "";
      const takesNext = isBoolean
        ? next === "true" || next === "false"
        : next !== "" && !(next === "-" && arg.startsWith("--"));
      let value = token.value;
      if (value === undefined && takesNext) [value, i] = [next, i + 1];
      if (value === undefined) {
        yield { arg, index, name, value: flags.string.has(name) ? "" : true };
      } else yield { arg, index, name, value: isBoolean ? value !== "false" : value };
    }
  }
}

/** What one argument is. Not by `node:util`, which costs every process that parses flags 2 MB. */
function tokenize(arg: string, index: number): { index: number; name?: string; value?: string }[] {
  const long = arg.match(/^--([^=]+)(?:=(.*))?$/s);
  if (long) {
    const [, name, value] = long as unknown as [string, string, string?];
    return [value === undefined ? { index, name } : { index, name, value }];
  }
  if (/^-[^-]/.test(arg)) return [...arg.slice(1)].map((name) => ({ index, name }));
  return [{ index }];
}

function numeric<T>(value: T): T | number {
  const isNumber = typeof value === "string" && /\S/.test(value) && Number.isFinite(Number(value));
  return isNumber ? Number(value) : value;
}
