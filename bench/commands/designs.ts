/**
 * The command `designs`: list the server designs.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed } from "../cli/flags.ts";
import { printEvent, printLine } from "../cli/output.ts";
import { ExitCode } from "../../servers/errors.ts";
import { designs } from "../../servers/designs.ts";

const flags = {
  json: { kind: "boolean", help: "Print each design as a JSON object" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "designs",
  operands: "",
  description: "List the server designs.",
  examples: [
    ["List the designs", ""],
    ["List them for a script", "--json"],
  ],
  flags,
  run: list,
});

function list({ flags }: Options): number {
  const width = Math.max(...designs.map(({ id }) => id.length));
  for (const { listing: _, ...design } of designs) {
    const { id, row, children, accepts, transport } = design;
    if (flags.json) printEvent(design);
    else {
      const made = children === "none" ? "no children" : `children: ${children}`;
      const where = transport && transport !== "tcp"
        ? "local"
        : row === undefined
        ? "beyond"
        : `row ${row}`;
      printLine(`${id.padEnd(width)}  ${where.padEnd(6)}  ${made.padEnd(20)}  accepts: ${accepts}`);
    }
  }
  return ExitCode.ok;
}
