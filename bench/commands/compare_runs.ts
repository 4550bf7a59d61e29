/**
 * The comparison of two recorded runs: which design costs more in the second one.
 *
 * @module
 */
import { printEvent, printLine } from "../cli/output.ts";
import { userPath } from "../cli/paths.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { compareRuns, type DesignInRuns, type RunsCompared } from "../compare/records.ts";
import { differingConditions } from "../compare/conditions.ts";
import { gate } from "../compare/gate.ts";
import type { Recorded } from "../record/record.ts";
import { comparisonTable } from "../report/tables/comparison_table.ts";
import { toTerminal } from "../report/tables/terminal.ts";
import { readRecord } from "../record/store.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { verdict, verdictEvent } from "../compare/verdict.ts";

/** How to compare two runs. */
export interface RunsOptions {
  /** Share by which a design may cost more before it is a regression: 0.05 is 5 %. */
  readonly share: number | undefined;
  /** Whether they may have been measured under different conditions. */
  readonly across: boolean;
  readonly json: boolean;
}

/**
 * Reads two runs, prints their differences, and returns the exit code.
 *
 * @throws {RecordError} if one of them cannot be read.
 * @throws {UsageError} if they were measured under different conditions, or have no design in common.
 */
export function printRunComparison(folderA: string, folderB: string, options: RunsOptions): number {
  const [a, b] = [folderA, folderB]
    .map((folder) => readRecord(userPath(folder).replace(/\/+$/, ""))) as [Recorded, Recorded];
  const sweep = [folderA, folderB].find((_, index) => [a, b][index]!.run.plan.sweep !== null);
  if (sweep !== undefined) {
    throw new UsageError(
      `Cannot compare ${sweep}: it is a sweep, whose trials differ in a parameter; ` +
        "write two runs of deno task bench",
    );
  }
  const conditions = differingConditions(a.run, b.run);
  if (conditions.length > 0 && !options.across) {
    throw new UsageError(
      `Cannot compare runs measured under different conditions: ${conditions.join("; ")}. ` +
        "Write --across to compare them anyway",
    );
  }
  const compared = compareRuns(a, b);
  if (compared.designs.length === 0) {
    throw new UsageError(
      `Cannot compare runs with no design in common: A has ${compared.onlyA.join(", ")}; ` +
        `B has ${compared.onlyB.join(", ")}`,
    );
  }
  const notes = notesOn(compared, [a, b], [folderA, folderB], conditions);
  if (options.json) printEvents(compared, [folderA, folderB], conditions, options.share);
  else print(compared, notes, options.share);
  return exitOf(compared, options.share);
}

/** 99 for a regression; 3 if a design has no trials to judge it by. */
function exitOf({ designs }: RunsCompared, share: number | undefined): number {
  if (share === undefined) return ExitCode.ok;
  const isWorse = ({ id, comparison }: DesignInRuns) =>
    comparison !== null && gate(comparison, id, share).isRegression;
  if (designs.some(isWorse)) return ExitCode.regression;
  return designs.some(({ comparison }) => comparison === null) ? ExitCode.failed : ExitCode.ok;
}

/** The comparison of a design in two runs, in a sentence. */
export function designText({ id, a, b, comparison }: DesignInRuns): string {
  if (comparison) return `${id}: ${verdict(comparison, "A", "B")}`;
  const without = [...(a.length === 0 ? ["A"] : []), ...(b.length === 0 ? ["B"] : [])];
  return `${id}: no round counts in ${without.join(" and ")}: nothing to compare.`;
}

function print(compared: RunsCompared, notes: readonly string[], share: number | undefined): void {
  printLine(toTerminal(comparisonTable(compared, notes), terminalOptions()));
  for (const design of compared.designs) {
    printLine(designText(design));
    if (share !== undefined && design.comparison) {
      printLine(`  ${gate(design.comparison, "B", share).sentence}`);
    }
  }
}

function printEvents(
  { designs, onlyA, onlyB }: RunsCompared,
  [folderA, folderB]: readonly [string, string],
  conditions: readonly string[],
  share: number | undefined,
): void {
  printEvent({ event: "runs", a: folderA, b: folderB, conditions, onlyA, onlyB });
  for (const { id, comparison } of designs) {
    printEvent({
      ...(comparison ? verdictEvent(comparison, "A", "B") : { event: "comparison" }),
      design: id,
      regression: comparison && share !== undefined
        ? gate(comparison, id, share).isRegression
        : undefined,
    });
  }
}

function notesOn(
  { onlyA, onlyB }: RunsCompared,
  recorded: readonly [Recorded, Recorded],
  folders: readonly [string, string],
  conditions: readonly string[],
): string[] {
  const names = ["A", "B"] as const;
  return [
    ...recorded.map(({ run: { startedAt, complete, herd, environment: { commit } } }, index) =>
      `${names[index]}: ${folders[index]}, ${startedAt}, Herd ${herd}` +
      `${commit === null ? "" : ` ${commit.slice(0, 10)}`}${complete ? "" : ", incomplete"}.`
    ),
    ...(conditions.length > 0
      ? [
        `Measured under different conditions, which may cause a difference: ${
          conditions.join("; ")
        }.`,
      ]
      : []),
    ...(onlyA.length > 0 ? [`Only in A: ${onlyA.join(", ")}.`] : []),
    ...(onlyB.length > 0 ? [`Only in B: ${onlyB.join(", ")}.`] : []),
  ];
}
