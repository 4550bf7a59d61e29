/**
 * The comparison of two recorded runs: which design differs in the second one.
 *
 * @module
 */
import { printEvent, printLine, writeFile } from "../cli/output.ts";
import { runFolder, userPath } from "../cli/paths.ts";
import { ExitCode, FailedError, UsageError } from "../../servers/errors.ts";
import { exitOf } from "./compare_gate.ts";
import {
  compareRuns,
  type DesignInRuns,
  type RunsCompared,
  toReport,
  toShow,
} from "../compare/records.ts";
import { differingConditions } from "../compare/conditions.ts";
import { gateLines, gatesOf, type MetricGate, type Thresholds, worstOf } from "../compare/gate.ts";
import { seriesOf } from "../report/summary/series.ts";
import { warningsOf } from "../report/summary/warnings.ts";
import type { Recorded } from "../record/record.ts";
import { commitText } from "../record/runs.ts";
import { drawComparison } from "../report/charts/comparison.ts";
import { comparisonTable } from "../report/tables/comparison_table.ts";
import { paragraphs, toTerminal } from "../report/tables/terminal.ts";
import { readRecord } from "../record/store.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { verdict, verdictEvent } from "../compare/verdict.ts";

/** How to compare two runs. */
export interface RunsOptions {
  /** By how much a design may get worse before it is a regression. */
  readonly thresholds: Thresholds | undefined;
  /** Whether a regression that could not be shown is no failure. */
  readonly "allow-unsure": boolean;
  /** Whether they may have been measured under different conditions. */
  readonly across: boolean;
  /** Whether to refuse runs with warnings. */
  readonly strict: boolean;
  readonly json: boolean;
  /** Where to draw the differences. */
  readonly chart?: string | undefined;
}

/** A recorded run. */
export interface RunPlace {
  /** As given. */
  readonly name: string;
  readonly folder: string;
}

/** The recorded run that an operand means. @throws {UsageError} if there is none. */
export function placeOf(name: string): RunPlace {
  return { name, folder: runFolder(name) };
}

/** Two runs, read and compared. */
interface Runs {
  readonly compared: RunsCompared;
  readonly names: readonly [string, string];
  readonly recorded: readonly [Recorded, Recorded];
  /** What differs between their conditions. */
  readonly conditions: readonly string[];
  /** What disturbed them. */
  readonly disturbances: readonly string[];
}

/**
 * Reads two runs, prints their differences, and returns the exit code.
 *
 * @throws {RecordError} if one of them cannot be read.
 * @throws {UsageError} if they were measured under different conditions, have no design in common, or `chart`
 * cannot be written.
 * @throws {FailedError} if they were disturbed, and `strict` refuses that.
 */
export async function printRunComparison(
  a: RunPlace,
  b: RunPlace,
  options: RunsOptions,
): Promise<number> {
  const runs = readRuns([a, b], options);
  const { compared: { designs } } = runs;
  const { thresholds } = options;
  const gates = designs.flatMap((one) =>
    gatesOf([one], one.id, thresholds ?? {}).map((gate) => ({ ...gate, id: one.id }))
  );
  const missing = thresholds ? missingTexts(runs.compared, thresholds) : [];
  if (options.json) printEvents(runs, gates);
  else print(runs, gates, missing);
  await writeChart(options.chart, designs, `${b.name} (B) compared with ${a.name} (A)`);
  const outcome = worstOf(gates);
  if (outcome !== "regression" && missing.length > 0) return ExitCode.unsure;
  return exitOf(outcome, options["allow-unsure"]);
}

/** Draws a comparison into the file that the user named, if any. @throws {UsageError} if it cannot be written. */
export async function writeChart(
  file: string | undefined,
  rows: readonly DesignInRuns[],
  title: string,
): Promise<void> {
  const svg = file === undefined ? null : await drawComparison(rows, title);
  if (svg !== null) writeFile(userPath(file!), svg);
}

/** What keeps a gate from judging every design. */
function missingTexts({ designs, onlyA, onlyB }: RunsCompared, thresholds: Thresholds): string[] {
  const without = designs.filter(({ comparison, metric }) =>
    comparison === null && metric in thresholds && metric !== "memory"
  );
  return [
    ...onlyA.map((id) => `${id} is missing from B`),
    ...onlyB.map((id) => `${id} is missing from A`),
    ...new Set(without.map(({ id }) => `no round of ${id} counts in both`)),
  ];
}

function readRuns(
  places: readonly [RunPlace, RunPlace],
  { across, strict }: RunsOptions,
): Runs {
  const recorded = places.map(({ folder }) => readRecord(folder)) as [Recorded, Recorded];
  const names = places.map(({ name }) => name) as [string, string];
  const [a, b] = recorded;
  const sweep = names.find((_, index) => recorded[index]!.run.plan.sweep !== null);
  if (sweep !== undefined) {
    throw new UsageError(
      `Cannot compare ${sweep}: it is a sweep, whose trials differ in a parameter; ` +
        "write two runs of deno task bench",
    );
  }
  const conditions = differingConditions(a.run, b.run);
  if (conditions.length > 0 && !across) {
    throw new UsageError(
      `Cannot compare runs measured under different conditions: ${conditions.join("; ")}. ` +
        "Write --across to compare them anyway",
    );
  }
  const disturbances = recorded.flatMap((one, index) =>
    warningsOf(one.run, seriesOf(one.trials)).filter(({ isNoise }) => isNoise)
      .map(({ text }) => `${"AB"[index]}: ${text}`)
  );
  if (strict && disturbances.length > 0) {
    throw new FailedError(
      `Cannot compare disturbed runs with --strict: ${disturbances[0]} ` +
        "Leave out --strict to see all warnings and the comparison",
    );
  }
  const compared = compareRuns(a, b, conditions.length > 0 || disturbances.length > 0);
  if (compared.designs.length === 0) {
    throw new UsageError(
      `Cannot compare runs with no design in common: A has ${compared.onlyA.join(", ")}; ` +
        `B has ${compared.onlyB.join(", ")}`,
    );
  }
  return { compared, names, recorded, conditions, disturbances };
}

/** The judgement of a metric of a design. */
type DesignGate = MetricGate & { readonly id: string };

/** The comparison of a design in two runs, in a sentence. */
export function designText({ id, metric, a, b, comparison }: DesignInRuns): string {
  if (comparison) return `${id}: ${verdict(comparison, "A", "B", metric)}`;
  const without = [...(a.length === 0 ? ["A"] : []), ...(b.length === 0 ? ["B"] : [])];
  return `${id}: no round counts in ${without.join(" and ")}: nothing to compare.`;
}

function print(runs: Runs, gates: readonly DesignGate[], missing: readonly string[]): void {
  const { designs } = runs.compared;
  const options = terminalOptions();
  const table = comparisonTable("Two runs: B compared with A", toShow(designs), notesOn(runs));
  printLine(toTerminal(table, options));
  const end = [...toReport(designs).map(designText), ...gateLines(gates, missing)];
  printLine(paragraphs(end, options).trimEnd());
}

function printEvents(
  { compared: { designs, onlyA, onlyB }, names: [a, b], conditions, disturbances }: Runs,
  gates: readonly DesignGate[],
): void {
  printEvent({ event: "runs", a, b, conditions, disturbances, onlyA, onlyB });
  for (const { id, metric, comparison } of toShow(designs)) {
    const gate = gates.find((gate) => gate.id === id && gate.metric === metric);
    printEvent({
      ...(comparison
        ? verdictEvent(comparison, "A", "B", metric)
        : { event: "comparison", metric }),
      design: id,
      outcome: gate?.outcome,
    });
  }
}

function notesOn(
  { compared: { onlyA, onlyB }, recorded, names, conditions, disturbances }: Runs,
) {
  const isWidened = conditions.length > 0 || disturbances.length > 0;
  return [
    ...recorded.map(({ run }, index) => {
      const version = [run.herd, commitText(run)].filter((word) => word !== null).join(" ");
      return `${"AB"[index]}: ${names[index]}, ${run.startedAt}, Herd ${version}` +
        `${run.complete ? "" : ", incomplete"}.`;
    }),
    ...(JSON.stringify(recorded[0]) === JSON.stringify(recorded[1])
      ? ["A and B are the same run."]
      : []),
    ...(conditions.length > 0
      ? [`Measured under different conditions: ${conditions.join("; ")}.`]
      : []),
    ...disturbances,
    ...(isWidened
      ? [
        "Because of this, the intervals are widened to at least the noise of single rounds (median ± MAD).",
      ]
      : []),
    ...(onlyA.length > 0 ? [`Only in A: ${onlyA.join(", ")}.`] : []),
    ...(onlyB.length > 0 ? [`Only in B: ${onlyB.join(", ")}.`] : []),
  ];
}
