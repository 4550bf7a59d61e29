/**
 * The command `tables`: write tables, charts and report of a recorded run again, from its record alone.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { runFolder } from "../cli/paths.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { renderTerminal } from "../report/print.ts";
import { exportTables, FORMATS, TABLE_FORMATS } from "../report/export.ts";
import { writeDerived } from "../report/files.ts";
import { reportData } from "../report/summary/report_data.ts";
import { isOwn, recordedRuns } from "../record/runs.ts";
import { isReadOnly } from "../record/disk_errors.ts";
import { readRun, readTrials } from "../record/store.ts";
import { terminalOptions } from "../cli/terminal.ts";

const flags = {
  last: { kind: "boolean", help: "Read the newest run under results/, as without RUN" },
  format: {
    kind: "string",
    value: "NAME",
    help:
      `Print the tables as ${TABLE_FORMATS.join(", ")}, latencies as hgrm of HdrHistogram, or ` +
      "figures for bencher or github (-action-benchmark), and write no files",
  },
  columns: {
    kind: "string",
    value: "A,B",
    help: "Print only these columns, by their names in the CSV, and write no files",
  },
  sort: {
    kind: "string",
    value: "COLUMN",
    help: "Sort rows by this column (-COLUMN: greatest first), and write no files",
  },
  design: {
    kind: "string",
    value: "DESIGN",
    help: "Print the latencies of one design only, with --format hgrm",
  },
  book: { kind: "boolean", help: "Print the book's Table 30.2 beside ours" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "tables",
  operands: "[RUN]",
  description:
    "Print the tables of a recorded run, and write them, charts and report into its folder again\n" +
    "(default: the newest under results/). RUN is a folder, its run.json, or the name of a run.",
  examples: [
    ["Print the latest run, and write its files again", ""],
    ["Print the reference run as Markdown", "results/reference --format markdown"],
    ["Write the figures for github-action-benchmark", "--format github > figures.json"],
    [
      "Write the latencies of a design for HdrHistogram's plotter",
      "--format hgrm --design prefork-mutex > prefork-mutex.hgrm",
    ],
  ],
  flags,
  exits: ["record"],
  run: tables,
});

async function tables({ operands, flags, given }: Options): Promise<number> {
  const [run, ...rest] = operands;
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one run only`);
  if (run !== undefined && flags.last) {
    throw new UsageError(`Cannot read both ${run} and the newest run: leave out --last`);
  }
  const format = formatOf(flags.format);
  const isTable = TABLE_FORMATS.some((name) => name === format);
  const misplaced = ["columns", "sort"].some((name) => !isTable && given.has(name)) ||
    format !== "hgrm" && given.has("design");
  if (misplaced) {
    throw new UsageError(
      `Cannot choose columns or rows of --format ${format}, nor a --design but with hgrm: leave one of them out`,
    );
  }
  const folder = run === undefined ? newestRun() : runFolder(run);
  const data = await reportData({ run: readRun(folder), trials: readTrials(folder) });
  const terminal = { ...terminalOptions(), book: flags.book };
  if (["format", "columns", "sort"].some((name) => given.has(name))) {
    const columns = flags.columns?.split(",").map((field) => field.trim());
    const text = exportTables(data, {
      ...terminal,
      format,
      columns,
      sort: flags.sort,
      design: flags.design,
    });
    printLine(text.replace(/\n$/, ""));
    return ExitCode.ok;
  }
  printLine(renderTerminal(data, terminal));
  try {
    await writeDerived(folder, data);
  } catch (error) {
    // Somebody else's folder, or one on a disk that cannot be written: its tables are printed.
    if (!isReadOnly((error as Error).cause)) throw error;
    console.error(`No files are written: ${(error as Error).message}`);
  }
  return ExitCode.ok;
}

function formatOf(name = "text"): typeof FORMATS[number] {
  const format = FORMATS.find((format) => format === name);
  if (format !== undefined) return format;
  throw new UsageError(`Unknown format "${name}": write --format ${FORMATS.join(", ")}`);
}

function newestRun(): string {
  const newest = recordedRuns().find(isOwn);
  if (newest !== undefined) return newest.folder;
  throw new UsageError("No recorded run under results/: write deno task bench first");
}
