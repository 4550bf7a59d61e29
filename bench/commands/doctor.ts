/**
 * The command `doctor`: what this machine can run, which limits bind, how quiet it is, and what mends each.
 *
 * @module
 */
import { bold, dim, red } from "jsr:@std/fmt@^1.0.0/colors";
import { defineCommand } from "../cli/command.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { abilities } from "../doctor/abilities.ts";
import { canBench, type Check, GROUPS } from "../doctor/check.ts";
import { limits } from "../doctor/limits.ts";
import { quiet } from "../doctor/quiet.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";

export const command = defineCommand({
  name: "doctor",
  operands: "",
  description:
    "Check what this machine can run, which limits bind and how quiet it is, and print what mends each.\n" +
    "It ends with 0 if everything works that deno task bench needs without flags.",
  examples: [
    ["Check this machine", ""],
    ["Check it for a script", "--json"],
  ],
  flags: {
    json: { kind: "boolean", help: "Print the checks as a JSON object" },
  },
  exits: ["unsupported"],
  async run({ operands, flags }) {
    if (operands.length > 0) throw new UsageError(`Unexpected "${operands[0]}": see --help`);
    // First, before the other checks keep the processors busy.
    const ofQuiet = await quiet();
    const checks = [...await abilities(), ...limits(), ...ofQuiet];
    if (flags.json) printEvent({ event: "checks", canBench: canBench(checks), checks });
    else printLine(pageOf(checks, terminalOptions().color));
    return canBench(checks) ? ExitCode.ok : ExitCode.unsupported;
  },
});

const TITLES = {
  ability: "What it can run",
  limit: "Limits",
  quiet: "How quiet it is",
} as const satisfies Record<Check["group"], string>;

const STYLES = { ok: dim, limited: bold, missing: red } as const;

/** The checks as a page. */
export function pageOf(checks: readonly Check[], color: boolean): string {
  const paint = (style: (text: string) => string, text: string) => color ? style(text) : text;
  const width = Math.max(...checks.map(({ what }) => what.length));
  const lines = ({ what, state, stands, mend }: Check) => [
    `  ${paint(STYLES[state], state.padEnd(7))}  ${what.padEnd(width)}  ${stands}`,
    ...(mend === null ? [] : [`${" ".repeat(11)}→ ${mend}`]),
  ];
  const lacking = checks.filter(({ state }) => state === "missing").map(({ what }) => what);
  return [
    ...GROUPS.flatMap((group) => [
      paint(bold, TITLES[group]),
      ...checks.filter((check) => check.group === group).flatMap(lines),
      "",
    ]),
    lacking.length === 0
      ? "This machine can run the default bench: deno task bench"
      : `This machine cannot run the default bench, for lack of: ${lacking.join("; ")}`,
  ].join("\n");
}
