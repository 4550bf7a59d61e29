/**
 * Command: list the registry.
 *
 * @module
 */
import {
  type Command,
  Exit,
  type Parsed,
  printEvent,
  printLine,
  runCommand,
} from "../servers/cli.ts";
import { designs } from "../servers/designs.ts";

const flags = {
  json: { kind: "boolean", help: "one JSON object a line" },
} as const;

const command: Command<typeof flags> = {
  name: "designs",
  operands: "",
  description: "List the server designs.",
  flags,
};

function list({ flags }: Parsed<typeof command.flags>): number {
  const width = Math.max(...designs.map(({ id }) => id.length));
  for (const { listing: _, ...design } of designs) {
    const { id, row, children, accepts, transport } = design;
    if (flags.json) printEvent(design);
    else {
      const made = children === "none" ? "no children" : `children: ${children}`;
      const where = transport ? "local" : row === undefined ? "beyond" : `row ${row}`;
      printLine(`${id.padEnd(width)}  ${where.padEnd(6)}  ${made.padEnd(20)}  accepts: ${accepts}`);
    }
  }
  return Exit.fine;
}

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, list));
