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
import { findProgram } from "../../servers/external/external.ts";
import { presets } from "../../servers/external/presets.ts";

const flags = {
  presets: {
    kind: "boolean",
    help: "List the external servers for bench --preset, and which are installed",
  },
  json: { kind: "boolean", help: "Print each design, or preset, as a JSON object" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "designs",
  operands: "",
  description: "List the server designs, or the presets of external servers.",
  examples: [
    ["List the designs", ""],
    ["List them for a script", "--json"],
    ["List known servers that are programs of others", "--presets"],
  ],
  flags,
  run: list,
});

function list({ flags }: Options): number {
  if (flags.presets) return listPresets(flags.json);
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

function listPresets(asJson: boolean): number {
  const width = Math.max(...[...presets.keys()].map((name) => name.length));
  for (const [name, { title, program }] of presets) {
    const isInstalled = hasProgram(program);
    if (asJson) printEvent({ name, title, program, isInstalled });
    else printLine(`${name.padEnd(width)}  ${isInstalled ? "installed" : "missing  "}  ${title}`);
  }
  return ExitCode.ok;
}

function hasProgram(name: string): boolean {
  const folders = Deno.env.get("PATH")?.split(":") ?? [];
  return findProgram(name, { from: ".", folders, isExecutable }) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && (mode! & 0o111) !== 0;
  } catch {
    return false;
  }
}
