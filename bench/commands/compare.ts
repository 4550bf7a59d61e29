/**
 * The command `compare`: two designs, run by turns, or two recorded runs, and what they differ by.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { userPath } from "../cli/paths.ts";
import { parsePercentage } from "../cli/percentage.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { findDesign, requireDesign } from "../../servers/designs.ts";
import { compareDesigns } from "../compare/records.ts";
import { printRunComparison } from "./compare_runs.ts";
import { gate } from "../compare/gate.ts";
import { measuringHints } from "../cli/hints.ts";
import { loadFlags, planOf, runFlags } from "../cli/options.ts";
import type { Recorded } from "../record/record.ts";
import { recordAsCommand } from "../cli/measuring.ts";
import { toTerminal } from "../report/tables/table.ts";
import { table301 } from "../report/tables/table_30_1.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { verdict, verdictEvent } from "../compare/verdict.ts";

const flags = {
  ...loadFlags,
  ...runFlags,
  // Rounds of one design alone compare nothing.
  "design-limit": { ...runFlags["design-limit"], default: 0 },
  "fail-above": {
    kind: "string",
    value: "PERCENT",
    help: "exit 99 if B surely costs that much more than A, such as 5%",
  },
  across: {
    kind: "boolean",
    help: "compare recorded runs although they were measured under different conditions",
  },
} as const;

/** What was written behind the command. */
type Options = Parsed<typeof flags>;

/** What can be said of a comparison of recorded runs. */
const FOR_RUNS: readonly string[] = ["fail-above", "across", "json"];

export const command = defineCommand({
  name: "compare",
  operands: "A B",
  description:
    "Run two designs by turns, or read two recorded runs, and tell what CPU time B costs\n" +
    "against A: with an interval, and with what these rounds can and cannot show.",
  flags,
  hints: measuringHints,
  run: compare,
});

async function compare(parsed: Options): Promise<number> {
  const { operands: [a, b, ...rest], flags, given } = parsed;
  if (a === undefined || b === undefined || rest.length > 0) {
    throw new UsageError(
      "Two designs, or two recorded runs, are compared: write deno task compare A B",
    );
  }
  const share = parsePercentage("fail-above", flags["fail-above"]);
  const options = { share, across: flags.across, json: flags.json };
  const [isRunA, isRunB] = [isRun(a), isRun(b)];
  if (!isRunA && !isRunB) return await runDesigns(a, b, parsed, share);
  if (!isRunA || !isRunB) {
    const [run, other] = isRunA ? [a, b] : [b, a];
    throw new UsageError(
      `Cannot compare the recorded run ${run} with "${other}", which is none: ` +
        "write two folders of recorded runs, or two designs",
    );
  }
  const misplaced = [...given].find((flag) => !FOR_RUNS.includes(flag));
  if (misplaced !== undefined) {
    throw new UsageError(`Cannot change what is recorded already: leave out --${misplaced}`);
  }
  return printRunComparison(a, b, options);
}

async function runDesigns(
  first: string,
  second: string,
  { flags, given }: Options,
  share: number | undefined,
): Promise<number> {
  const [a, b] = [requireDesign(first).id, requireDesign(second).id];
  if (a === b) {
    throw new UsageError(
      `Cannot compare ${a} with itself: write deno task compare A B with two designs`,
    );
  }
  if (flags.across) throw new UsageError("Leave out --across: both designs will be run here");
  const plan = () => planOf([a, b], flags, given);
  const { recorded, data, folder, exit } = await recordAsCommand(plan, flags);
  const comparison = compareDesigns(recorded, a, b);
  const gated = comparison && share !== undefined ? gate(comparison, b, share) : undefined;
  if (flags.json) {
    if (comparison) {
      printEvent({ ...verdictEvent(comparison, a, b), regression: gated?.isRegression });
    }
  } else {
    printLine(`\n${toTerminal(table301(data), terminalOptions())}`);
    printLine(differenceText(recorded, a, b));
    if (gated) printLine(gated.sentence);
    printLine(`Recorded in ${folder}`);
  }
  const isWhole = exit === ExitCode.ok || exit === ExitCode.failed;
  return isWhole && gated?.isRegression ? ExitCode.regression : exit;
}

/** What design `b` costs against design `a`, paired within each round, in a sentence. */
export function differenceText(recorded: Recorded, a: string, b: string): string {
  const comparison = compareDesigns(recorded, a, b);
  if (!comparison) return `No round counts for both ${a} and ${b}: nothing to compare.`;
  return verdict(comparison, a, b);
}

/** Whether an operand is meant to be a recorded run: it is a folder, or can only be one. */
function isRun(operand: string): boolean {
  if (findDesign(operand)) return false;
  if (operand.includes("/")) return true;
  try {
    return Deno.statSync(userPath(operand)).isDirectory;
  } catch {
    return false;
  }
}
