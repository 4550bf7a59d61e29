/**
 * Command: two designs, run by turns, and the difference between them.
 *
 * @module
 */
import {
  type Command,
  Exit,
  type Parsed,
  printLine,
  requireDesign,
  runCommand,
  UsageError,
} from "../servers/cli.ts";
import { planOf, runFlags } from "./options.ts";
import type { Recorded } from "./record.ts";
import { recordAsCommand } from "./record_run.ts";
import { summarize } from "./report/summary.ts";
import { signed, toTerminal } from "./report/table.ts";
import { table301 } from "./report/table_30_1.ts";
import { interval, median } from "./statistics.ts";
import { terminalOptions } from "./terminal.ts";

const command: Command<typeof runFlags> = {
  name: "compare",
  operands: "A B",
  description: "Run two designs by turns and tell what CPU time they differ by.",
  flags: runFlags,
};

async function compare({ operands, flags, given }: Parsed<typeof command.flags>): Promise<number> {
  const [a, b, ...rest] = operands.map((id) => requireDesign(id).id);
  if (a === undefined || b === undefined || rest.length > 0 || a === b) {
    throw new UsageError("Two designs are compared: write deno task compare A B");
  }
  const plan = () => planOf([a, b], flags, given);
  const { recorded, folder, complete, failed } = await recordAsCommand(plan, flags);
  if (!flags.json) {
    printLine(`\n${toTerminal(table301(summarize(recorded)), terminalOptions())}`);
    printLine(tellDifference(recorded, a, b));
    printLine(`Recorded in ${folder}`);
  }
  if (!complete) return Exit.interrupted;
  return failed > 0 ? Exit.failed : Exit.fine;
}

/** The difference of two designs' CPU seconds, paired within each round, in words. */
export function tellDifference({ trials }: Recorded, a: string, b: string): string {
  const cpuOf = (id: string) =>
    new Map(
      trials.filter(({ design, status }) => design === id && status === "ok")
        .map(({ round, cpu }) => [round, cpu!.total]),
    );
  const [ofA, ofB] = [cpuOf(a), cpuOf(b)];
  const rounds = [...ofA.keys()].filter((round) => ofB.has(round));
  if (rounds.length === 0) return `No round counts for both ${a} and ${b}: nothing to compare.`;
  const differences = rounds.map((round) => ofA.get(round)! - ofB.get(round)!);
  const difference = median(differences);
  const percent = 100 * difference / median(rounds.map((round) => ofB.get(round)!));
  const { low, high, kind } = interval(differences);
  const seconds = (value: number) => signed(value, 3).text;
  const between = `${seconds(low)}…${seconds(high)} s`;
  const spread = kind === "interval" ? `95 % interval ${between}` : `range ${between}`;
  const meaning = low > 0 || high < 0
    ? `${difference < 0 ? a : b} costs less in all of it.`
    : "It includes 0: these rounds show no difference.";
  const [n, s] = [rounds.length, rounds.length === 1 ? "" : "s"];
  return `${a} − ${b}: ${seconds(difference)} s CPU (${signed(percent, 1).text} %), ` +
    `${n === 1 ? "one round, no spread" : `${spread} over ${n} round${s}. ${meaning}`}`;
}

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, compare));
