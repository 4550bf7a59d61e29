/**
 * Benchmark: what Herd takes besides loads. Of a recorded run it prints the seconds of its trials that were not
 * load; and how long commands take that only print.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import { type Parsed, roundsFlag } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { runFolder } from "../cli/paths.ts";
import { terminalOptions } from "../cli/terminal.ts";
import { ExitCode, FailedError, UsageError } from "../../servers/errors.ts";
import type { Recorded } from "../record/record.ts";
import { readRecord } from "../record/store.ts";
import { numberCell, type Table, textCell } from "../report/tables/table.ts";
import { toTerminal } from "../report/tables/terminal.ts";
import { median } from "../statistics/median.ts";

const flags = {
  rounds: roundsFlag("Start each command N times, and print the median"),
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "startup",
  operands: "[RUN]",
  description:
    "Measure what is not load: in the trials of a recorded run, by design; without RUN,\n" +
    "how long commands take that only print.",
  examples: [
    ["Measure how long --version and --help take", ""],
    ["See how much of a run was not load", "results/reference/external"],
  ],
  flags,
  exits: ["failed", "record"],
  run: startup,
});

/** What is started: arguments of the program. */
const PRINTING = [["--version"], ["--help"], ["bench", "--help"], ["serve", "--help"]];

async function startup({ operands: [run, ...rest], flags: { rounds } }: Options): Promise<number> {
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one run only`);
  if (run === undefined) await printStarts(rounds);
  else printShares(readRecord(runFolder(run)));
  return ExitCode.ok;
}

async function printStarts(rounds: number): Promise<void> {
  for (const args of PRINTING) {
    const seconds: number[] = [];
    for (let i = 0; i < rounds; i++) seconds.push(await secondsOf(args));
    printLine(`herd ${args.join(" ").padEnd(14)} ${(1000 * median(seconds)).toFixed(0)} ms`);
  }
}

/** Seconds from start to end of the program. */
async function secondsOf(args: readonly string[]): Promise<number> {
  const program = new URL("../herd.ts", import.meta.url).href;
  const start = performance.now();
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-ffi", "--allow-read", program, ...args],
    stdout: "null",
  }).output();
  if (!success) throw new FailedError(`herd ${args.join(" ")} failed`);
  return (performance.now() - start) / 1000;
}

function printShares({ trials }: Recorded): void {
  const times = trials.flatMap(({ design, seconds, client }) =>
    seconds === null || client === null ? [] : [{ design, seconds, load: client.wallSeconds }]
  );
  if (times.length === 0) throw new FailedError("Cannot tell what was load: no trial has its time");
  const designs = [...new Set(times.map(({ design }) => design))];
  const table: Table = {
    title: "Median seconds of a trial",
    columns: [
      { header: "design", field: "design", align: "left", key: true },
      { header: "n", field: "rounds" },
      { header: "whole", field: "seconds" },
      { header: "load", field: "load_seconds" },
      { header: "not load", field: "other_seconds" },
    ],
    rows: designs.map((id) => {
      const own = times.filter(({ design }) => design === id);
      const of = (value: (one: typeof own[number]) => number) =>
        numberCell(median(own.map(value)), 2);
      return [
        textCell(id),
        numberCell(own.length, 0),
        of(({ seconds }) => seconds),
        of(({ load }) => load),
        of(({ seconds, load }) => seconds - load),
      ];
    }),
    footer: [],
    notes: [],
  };
  printLine(toTerminal(table, terminalOptions()));
  const sum = (of: "seconds" | "load") => times.reduce((sum, one) => sum + one[of], 0);
  const share = 100 * (1 - sum("load") / sum("seconds"));
  printLine(
    `${share.toFixed(0)} % of the ${sum("seconds").toFixed(0)} s of all trials were not load.`,
  );
}
