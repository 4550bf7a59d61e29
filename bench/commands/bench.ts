/**
 * The command `bench`: run the designs, record the run, print the book's two tables.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed, Values } from "../cli/flags.ts";
import { UsageError } from "../../servers/errors.ts";
import { designs, streamDesigns, usualDesigns } from "../../servers/designs.ts";
import { measuringHints } from "../cli/hints.ts";
import { designsOf, loadFlags, planOf, runFlags } from "../cli/options.ts";
import { runAndPrint } from "../cli/measuring.ts";

const flags = {
  designs: {
    kind: "string",
    value: "A,B",
    help: "designs to run (default: the book's; with --local some)",
  },
  all: { kind: "boolean", help: "run every design, also those beyond the book" },
  ...loadFlags,
  ...runFlags,
  resume: { kind: "string", value: "RUN", help: "go on with a recorded run that ended early" },
  trace: {
    kind: "boolean",
    help: "trace each design's system calls in an extra trial (strace or perf)",
  },
  book: { kind: "boolean", help: "show the book's Table 30.2 beside ours" },
} as const;

/** What was written behind the command. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "bench",
  operands: "",
  description:
    "Run server designs under the book's load: what process control costs (Table 30.1) " +
    "and\nhow clients spread over children (Table 30.2).",
  flags,
  hints: measuringHints,
  run: bench,
});

async function bench({ operands, flags, given }: Options): Promise<number> {
  if (operands.length > 0) {
    throw new UsageError(`Unexpected "${operands[0]}": write --designs ${operands.join(",")}`);
  }
  return await runAndPrint(() => planOf(chosen(flags), flags, given), flags, given);
}

function chosen({ designs: list, all, local }: Values<typeof flags>): string[] {
  if (list !== undefined && all) {
    throw new UsageError("Cannot run both --designs and --all: write one of them");
  }
  if (list !== undefined) return designsOf(list);
  const chosen = all ? local ? designs : streamDesigns : usualDesigns(local);
  return chosen.map(({ id }) => id);
}
