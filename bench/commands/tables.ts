/**
 * The command `tables`: write tables, charts and report of a recorded run again, from its record alone.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printLine } from "../cli/output.ts";
import { userPath } from "../cli/paths.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { renderTerminal } from "../report/derive.ts";
import { writeDerived } from "../report/files.ts";
import { reportData } from "../report/summary/report_data.ts";
import { readRecord } from "../record/store.ts";
import { recordHints } from "../cli/hints.ts";
import { terminalOptions } from "../cli/terminal.ts";

const flags = {
  book: { kind: "boolean", help: "Print the book's Table 30.2 beside ours" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "tables",
  operands: "[RUN]",
  description:
    "Write tables, charts and report of a recorded run again (default: the latest under results/).",
  examples: [
    ["Print the latest run, and write its files again", ""],
    ["Print the reference run, with the book's own table", "results/reference --book"],
  ],
  flags,
  exits: ["record"],
  hints: { ...recordHints, folder: recordHints.run },
  run: tables,
});

async function tables({ operands, flags }: Options): Promise<number> {
  const [run, ...rest] = operands;
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one run only`);
  const folder = run === undefined ? latest() : userPath(run).replace(/\/+$/, "");
  const data = await reportData(readRecord(folder));
  printLine(renderTerminal(data, { ...terminalOptions(), book: flags.book }));
  await writeDerived(folder, data);
  return ExitCode.ok;
}

function latest(): string {
  const runs = [...Deno.readDirSync("results")]
    .filter(({ name, isDirectory }) => isDirectory && /^\d{4}-/.test(name))
    .map(({ name }) => name).sort();
  const last = runs.at(-1);
  if (last === undefined) {
    throw new UsageError("No recorded run under results/: write deno task bench first");
  }
  return `results/${last}`;
}
