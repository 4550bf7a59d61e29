/**
 * The command `compare`: the difference between two designs, run in turn, or between two recorded runs.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { findRunFolder } from "../cli/paths.ts";
import { UsageError } from "../../servers/errors.ts";
import { findDesign, requireDesign } from "../../servers/designs.ts";
import { fewestRounds } from "../compare/comparison.ts";
import { compareDesigns, type MetricComparison, toReport, toShow } from "../compare/records.ts";
import { placeOf, printRunComparison, writeChart } from "./compare_runs.ts";
import { exitOf, exitOfBoth, gateFlags, parseThresholds } from "./compare_gate.ts";
import { gateLines, gatesOf, type MetricGate, type Thresholds, worstOf } from "../compare/gate.ts";
import { comparisonTable } from "../report/tables/comparison_table.ts";
import { externalFlags, externalsOf } from "../cli/externals.ts";
import { measuringHints } from "../cli/hints.ts";
import { loadFlags, planOf, quickLoad, runFlags, serviceOf } from "../cli/options.ts";
import { printPaths, recordAsCommand } from "../cli/measuring.ts";
import { warningTexts } from "../report/summary/conditions.ts";
import type { ReportData } from "../report/summary/report_data.ts";
import { paragraphs, toTerminal } from "../report/tables/terminal.ts";
import { table301 } from "../report/tables/table_30_1.ts";
import { terminalOptions } from "../cli/terminal.ts";
import type { External } from "../record/external.ts";
import { verdict, verdictEvent } from "../compare/verdict.ts";

/** The rounds that a verdict on two designs takes at least. */
const QUICK_ROUNDS = fewestRounds({ paired: true, family: 1 });

const flags = {
  ...externalFlags,
  ...loadFlags,
  ...runFlags,
  quick: {
    kind: "boolean",
    help: `Run the ${QUICK_ROUNDS} rounds that a verdict takes, each of ${quickLoad}`,
  },
  ...gateFlags,
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

/** Flags for a comparison of recorded runs. */
const FOR_RUNS: readonly string[] = [...Object.keys(gateFlags), "strict", "json"];

export const command = defineCommand({
  name: "compare",
  operands: "A B",
  description:
    "Run two designs or external servers in turn, or read two recorded runs, and print how B differs\n" +
    "from A in CPU time, latency, throughput and memory: with confidence intervals, and the difference\n" +
    "that these rounds can show. A design may be compared with itself, to look at the noise.",
  examples: [
    ["Run two designs by turns", "prefork-mutex prefork-shared-accept --rounds 12"],
    [
      "Fail a build where a server got worse: both versions run by turns",
      "--service http --external 'before=node old.js {port}' --external 'after=node new.js {port}' --fail-above 5%",
    ],
    [
      "Fail a build where a recorded run is worse than the one before",
      "results/before results/after --fail-above cpu=5%,p99=20%",
    ],
    ["Draw what other clients change", "results/one results/three --across --chart changes.svg"],
  ],
  flags,
  exits: ["failed", "unsupported", "record", "unsure", "regression", "timedOut", "interrupted"],
  hints: measuringHints,
  run: compare,
});

async function compare(parsed: Options): Promise<number> {
  const { operands, flags, given } = parsed;
  const externals = externalsOf(flags, serviceOf(flags.service));
  const others = externals.map(({ name }) => name).filter((name) => !operands.includes(name));
  const [a, b, ...rest] = [...operands, ...others];
  if (a === undefined || b === undefined || rest.length > 0) {
    throw new UsageError(
      "Cannot compare without two designs, external servers or recorded runs: write deno task compare A B",
    );
  }
  const thresholds = parseThresholds("fail-above", flags["fail-above"]);
  if (externals.length > 0) return await runDesigns(a, b, externals, parsed, thresholds);
  const [isRunA, isRunB] = [isRun(a), isRun(b)];
  if (!isRunA && !isRunB) return await runDesigns(a, b, [], parsed, thresholds);
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
  return await printRunComparison(placeOf(a), placeOf(b), { ...flags, thresholds });
}

async function runDesigns(
  a: string,
  b: string,
  externals: External[],
  { flags, given }: Options,
  thresholds: Thresholds | undefined,
): Promise<number> {
  const isExternal = (id: string) => externals.some(({ name }) => name === id);
  const ids = [a, b].filter((id) => !isExternal(id)).map((id) => requireDesign(id).id);
  if (a === b && isExternal(a)) {
    throw new UsageError(
      `Cannot run ${a} twice: give it two names, such as --external before=… --external after=…`,
    );
  }
  if (flags.across) {
    throw new UsageError("Cannot use --across with designs, which are both run here: leave it out");
  }
  const plan = () => planOf(ids, flags, given, { externals, quickRounds: QUICK_ROUNDS });
  const print = (data: ReportData) =>
    printLine(`\n${toTerminal(table301(data), terminalOptions())}`);
  const { recorded, data, folder, exit } = await recordAsCommand(plan, flags, print);
  const compared = compareDesigns(recorded, a, b);
  const nameOfB = secondName(a, b);
  const title = `${nameOfB} (B) compared with ${a} (A)`;
  const gates = thresholds ? gatesOf(compared, nameOfB, thresholds) : [];
  if (flags.json) printEvents(compared, gates, a, nameOfB);
  else {
    const options = terminalOptions();
    const table = comparisonTable(title, toShow(compared), []);
    printLine(toTerminal(table, options));
    const end = [...findingTexts(compared, a, b), ...gateLines(gates), ...warningTexts(data)];
    printLine(paragraphs(end, options));
    printPaths(folder);
  }
  await writeChart(flags.chart, compared.map((one) => ({ ...one, id: nameOfB })), title);
  return exitOfBoth(exit, exitOf(worstOf(gates), flags["allow-unsure"]));
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

/** The finding on the metric that decides, and on each other metric that differs, in sentences. */
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
