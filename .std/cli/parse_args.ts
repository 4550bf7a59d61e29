/**
 * Stands in for `jsr:@std/cli/parse-args` where JSR is out of reach: what Herd uses of it, over the
 * `parseArgs` of `node:util`, with the same results as the published package.
 *
 * @example
 * ```ts
 * import { parseArgs } from "@std/cli/parse-args";
 *
 * const flags = parseArgs(["--json", "--port=8080", "iterative"], {
 *   boolean: ["json"],
 *   string: ["_", "port"],
 * });
 * console.log(flags.json, flags.port, flags._); // true "8080" ["iterative"]
 * ```
 *
 * @module
 */
import { parseArgs as tokenize } from "node:util";

/** Options of {@linkcode parseArgs}; the name of a flag stands without its dashes. */
export interface ParseOptions {
  /** Flags without a value, `false` unless given. */
  boolean: readonly string[];
  /** Flags with a value; `_` stands for arguments that are no flags. */
  string: readonly string[];
  /** Flags whose values are collected in an array, empty unless given. */
  collect?: readonly string[];
  /** Called with each flag that no option names. */
  unknown?: (arg: string, key?: string) => unknown;
}

/** What {@linkcode parseArgs} returns: a value each flag, and the other arguments in `_`. */
export interface Args {
  _: string[];
  [flag: string]: unknown;
}

/** Parses a command line, such as `Deno.args`, into flags and the other arguments. */
export function parseArgs(
  args: string[],
  { boolean, string, collect = [], unknown }: ParseOptions,
): Args {
  const result: Args = { _: [] };
  for (const name of collect) result[name] = [];
  for (const name of boolean) result[name] = false;
  const { tokens } = tokenize({ args, strict: false, tokens: true, allowPositionals: true });
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === "positional") result._.push(token.value);
    if (token.kind !== "option") continue;
    const { name, index } = token;
    const isBoolean = boolean.includes(name);
    if (!isBoolean && !string.includes(name)) {
      unknown?.(args[index]!, name);
      continue;
    }
    const next = tokens[i + 1];
    const argument = next?.kind === "positional" ? next.value : "";
    const takesNext = isBoolean ? /^(true|false)$/.test(argument) : !/^-?$/.test(argument);
    let { value } = token;
    if (value === undefined && takesNext) [value, i] = [argument, i + 1];
    if (collect.includes(name)) (result[name] as string[]).push(value ?? "");
    else result[name] = isBoolean ? value !== "false" : value ?? "";
  }
  return result;
}
