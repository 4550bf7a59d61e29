/**
 * The command `compare`: the difference between two designs, run in turn, or between two recorded runs.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { findRunFolder } from "../cli/paths.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { findDesign, requireDesign } from "../../servers/designs.ts";
import { fewestRounds } from "../compare/comparison.ts";
import { compareDesigns, type MetricComparison, toReport } from "../compare/records.ts";
import { printRunComparison } from "./compare_runs.ts";
import { exitOf, parseThresholds } from "./compare_gate.ts";
import { gateLines, gatesOf, type MetricGate, type Thresholds, worstOf } from "../compare/gate.ts";
import { comparisonTable } from "../report/tables/comparison_table.ts";
import { measuringHints } from "../cli/hints.ts";
import { loadFlags, planOf, runFlags } from "../cli/options.ts";
import { printPaths, recordAsCommand } from "../cli/measuring.ts";
import { warningTexts } from "../report/summary/conditions.ts";
import type { ReportData } from "../report/summary/report_data.ts";
import { paragraphs, toTerminal } from "../report/tables/terminal.ts";
import { table301 } from "../report/tables/table_30_1.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { verdict, verdictEvent } from "../compare/verdict.ts";

/** The rounds that a verdict on two designs takes at least. */
const QUICK_ROUNDS = fewestRounds({ paired: true, family: 1 });

const flags = {
  ...loadFlags,
  ...runFlags,
  quick: {
    kind: "boolean",
    help: `Run the ${QUICK_ROUNDS} rounds that a verdict takes, of 500 connections in total each`,
  },
  "fail-above": {
    kind: "string",
    value: "cpu=5%,p99=20%",
    help:
      "Exit with 99 if B is worse by more than that: cpu (a bare 5%), p50, p99, throughput, memory",
  },
  "allow-unsure": {
    kind: "boolean",
    help: "Exit with 0 in place of 98 if the rounds cannot show such a regression",
  },
  across: {
    kind: "boolean",
    help: "Compare recorded runs even if they were measured under different conditions",
  },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

/** Flags for a comparison of recorded runs. */
const FOR_RUNS: readonly string[] = ["fail-above", "allow-unsure", "across", "strict", "json"];

export const command = defineCommand({
  name: "compare",
  operands: "A B",
  description:
    "Run two designs in turn, or read two recorded runs, and print how B differs from A in CPU time,\n" +
    "latency, throughput and memory: with confidence intervals, and the difference that these rounds\n" +
    "can show. A design may be compared with itself, to look at the noise.",
  examples: [
    ["Run two designs by turns", "prefork-mutex prefork-shared-accept --rounds 12"],
    [
      "Fail a build where a recorded run is worse than the one before",
      "results/before results/after --fail-above cpu=5%,p99=20%",
    ],
  ],
  flags,
  exits: ["failed", "unsupported", "record", "unsure", "regression", "timedOut", "interrupted"],
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
  const thresholds = parseThresholds("fail-above", flags["fail-above"]);
  const [isRunA, isRunB] = [isRun(a), isRun(b)];
  if (!isRunA && !isRunB) return await runDesigns(a, b, parsed, thresholds);
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
  return printRunComparison(a, b, { ...flags, thresholds });
}

async function runDesigns(
  first: string,
  second: string,
  { flags, given }: Options,
  thresholds: Thresholds | undefined,
): Promise<number> {
  const [a, b] = [requireDesign(first).id, requireDesign(second).id];
  if (flags.across) {
    throw new UsageError("Cannot use --across with designs, which are both run here: leave it out");
  }
  const plan = () => planOf([a, b], flags, given, { quickRounds: QUICK_ROUNDS });
  const print = (data: ReportData) =>
    printLine(`\n${toTerminal(table301(data), terminalOptions())}`);
  const { recorded, data, folder, exit } = await recordAsCommand(plan, flags, print);
  const compared = compareDesigns(recorded, a, b);
  const nameOfB = secondName(a, b);
  const gates = thresholds ? gatesOf(compared, nameOfB, thresholds) : [];
  if (flags.json) printEvents(compared, gates, a, nameOfB);
  else {
    const options = terminalOptions();
    const table = comparisonTable(`${nameOfB} (B) compared with ${a} (A)`, compared, []);
    printLine(toTerminal(table, options));
    const end = [...findingTexts(compared, a, b), ...gateLines(gates), ...warningTexts(data)];
    printLine(paragraphs(end, options));
    printPaths(folder);
  }
  const isWhole = exit === ExitCode.ok || exit === ExitCode.failed;
  const outcome = worstOf(gates);
  if (isWhole && outcome === "regression") return ExitCode.regression;
  return exit === ExitCode.ok ? exitOf(outcome, flags["allow-unsure"]) : exit;
}

function printEvents(
  compared: readonly MetricComparison[],
  gates: readonly MetricGate[],
  a: string,
  b: string,
): void {
  for (const { metric, comparison } of compared) {
    if (comparison === null) continue;
    const outcome = gates.find((gate) => gate.metric === metric)?.outcome;
    printEvent({ ...verdictEvent(comparison, a, b, metric), outcome });
  }
}

/** What the second design of a comparison is called. */
function secondName(a: string, b: string): string {
  return a === b ? `${b} again` : b;
}

/** The finding on CPU time, and on each other metric that differs, in sentences. */
export function findingTexts(
  compared: readonly MetricComparison[],
  a: string,
  b: string,
): string[] {
  const texts = toReport(compared).flatMap(({ metric, comparison }) =>
    comparison ? [verdict(comparison, a, secondName(a, b), metric)] : []
  );
  return texts.length > 0 ? texts : [`No round counts for both ${a} and ${b}: nothing to compare.`];
}

/** Whether an operand means a recorded run: a folder, a path or a name. */
function isRun(operand: string): boolean {
  return !findDesign(operand) && findRunFolder(operand) !== undefined;
}
