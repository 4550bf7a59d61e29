/**
 * Command: regenerate tables, pictures and report of a recorded run, from its record alone.
 *
 * @module
 */
import {
  type Command,
  Exit,
  type Parsed,
  printLine,
  runCommand,
  UsageError,
  userPath,
} from "../servers/cli.ts";
import { renderTerminal } from "./report/derive.ts";
import { derive } from "./store.ts";
import { terminalOptions } from "./terminal.ts";

const flags = {
  book: { kind: "boolean", help: "show the book's Table 30.2 beside ours" },
} as const;

const command: Command<typeof flags> = {
  name: "tables",
  operands: "[RUN]",
  description:
    "Regenerate tables, pictures and report of a recorded run (default: the latest under results/).",
  flags,
};

async function tables({ operands, flags }: Parsed<typeof command.flags>): Promise<number> {
  const [run, ...rest] = operands;
  if (rest.length > 0) throw new UsageError(`Unexpected "${rest[0]}": write one run only`);
  const folder = run === undefined ? latest() : userPath(run).replace(/\/+$/, "");
  const recorded = await derive(folder);
  printLine(renderTerminal(recorded, { ...terminalOptions(), book: flags.book }));
  return Exit.fine;
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

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, tables));
