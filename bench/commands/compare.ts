/**
 * The command `compare`: the difference between two designs, run in turn, or between two recorded runs.
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
import { toTerminal } from "../report/tables/terminal.ts";
import { table301 } from "../report/tables/table_30_1.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { verdict, verdictEvent } from "../compare/verdict.ts";

const flags = {
  ...loadFlags,
  ...runFlags,
  // A comparison needs rounds of both designs.
  "design-limit": { ...runFlags["design-limit"], default: 0 },
  "fail-above": {
    kind: "string",
    value: "PERCENT",
    help: "Exit with 99 if B clearly costs over PERCENT more than A, such as 5%",
  },
  across: {
    kind: "boolean",
    help: "Compare recorded runs even if they were measured under different conditions",
  },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

/** Flags for a comparison of recorded runs. */
const FOR_RUNS: readonly string[] = ["fail-above", "across", "json"];

export const command = defineCommand({
  name: "compare",
  operands: "A B",
  description:
    "Run two designs in turn, or read two recorded runs, and print how much more CPU time B costs\n" +
    "than A, with a confidence interval and the difference that these rounds can show.",
  flags,
  hints: measuringHints,
  run: compare,
});

async function compare(parsed: Options): Promise<number> {
  const { operands: [a, b, ...rest], flags, given } = parsed;
  if (a === undefined || b === undefined || rest.length > 0) {
    throw new UsageError(
      "Cannot compare without two designs or two recorded runs: write deno task compare A B",
    );
  }
  const share = parsePercentage("fail-above", flags["fail-above"]);
  const options = { share, across: flags.across, json: flags.json };
  const [isRunA, isRunB] = [isRun(a), isRun(b)];
  if (!isRunA && !isRunB) return await runDesigns(a, b, parsed, share);
  if (!isRunA || !isRunB) {
    const [run, other] = isRunA ? [a, b] : [b, a];
    throw new UsageError(
      `Cannot compare the recorded run ${run} with "${other}", which is not one: ` +
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
  if (flags.across) {
    throw new UsageError("Cannot use --across with designs, which are both run here: leave it out");
  }
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

/** The cost of design `b` against design `a`, paired within each round, in a sentence. */
export function differenceText(recorded: Recorded, a: string, b: string): string {
  const comparison = compareDesigns(recorded, a, b);
  if (!comparison) return `No round counts for both ${a} and ${b}: nothing to compare.`;
  return verdict(comparison, a, b);
}

/** Whether an operand means a recorded run: a folder, or a path. */
function isRun(operand: string): boolean {
  if (findDesign(operand)) return false;
  if (operand.includes("/")) return true;
  try {
    return Deno.statSync(userPath(operand)).isDirectory;
  } catch {
    return false;
  }
}
