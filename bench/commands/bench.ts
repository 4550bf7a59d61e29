/**
 * The command `bench`: run the designs, record the run, print the book's two tables.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed, Values } from "../cli/flags.ts";
import { ExitCode, UsageError } from "../../servers/errors.ts";
import { reachableDesigns, usualDesigns } from "../../servers/designs.ts";
import { designsFlag, designsOf } from "../cli/choice.ts";
import { measuringHints } from "../cli/hints.ts";
import { externalFlags, externalsOf } from "../cli/externals.ts";
import { loadFlags, planOf, runFlags, serviceOf } from "../cli/options.ts";
import { printLine } from "../cli/output.ts";
import { runAndPrint } from "../cli/measuring.ts";
import { exitOfBoth, gateFlags, parseThresholds } from "./compare_gate.ts";
import { placeOf, printRunComparison } from "./compare_runs.ts";
import { workerFlags, workersOf } from "../cli/workers.ts";

const flags = {
  designs: designsFlag("those of the book; with --local a few"),
  all: { kind: "boolean", help: "Run every design, also those beyond the book" },
  ...externalFlags,
  ...workerFlags,
  ...loadFlags,
  ...runFlags,
  resume: {
    kind: "string",
    value: "RUN",
    help: "Continue the recorded run RUN, which ended early",
  },
  trace: {
    kind: "boolean",
    help: "Trace the system calls of each design in an extra trial (needs strace or perf)",
  },
  "save-baseline": {
    kind: "string",
    value: "NAME",
    help: "Name the run, as --name does, for a later --baseline",
  },
  baseline: {
    kind: "string",
    value: "RUN",
    help: "Compare it with the recorded run RUN, the newest of that name",
  },
  ...gateFlags,
  book: { kind: "boolean", help: "Print the book's Table 30.2 beside ours" },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "bench",
  operands: "",
  description:
    "Run server designs under the book's load, and print what process control costs (Table 30.1)\n" +
    "and how clients spread over children (Table 30.2).",
  examples: [
    ["Run the designs of the book once, in half a minute", "--quick"],
    [
      "Run some designs ten times, and trace their system calls",
      "--designs 'prefork-*,prethread-*' --rounds 10 --trace",
    ],
    [
      "Run a server of your own, and nginx, beside designs",
      "--service http --external 'mine=node server.js {port}' --preset nginx --designs 'prefork-*'",
    ],
    [
      "Compare a server with how it was when this name was last saved, and save it anew",
      "--external 'mine=./server {port}' --baseline mine --save-baseline mine --fail-above 5%",
    ],
    ["Continue a run that ended early", "--resume results/2026-11-28T04-20-19Z"],
  ],
  flags,
  exits: ["failed", "unsupported", "record", "unsure", "regression", "timedOut", "interrupted"],
  hints: measuringHints,
  run: bench,
});

async function bench({ operands, flags, given }: Options): Promise<number> {
  if (operands.length > 0) {
    throw new UsageError(`Unexpected "${operands[0]}": write --designs ${operands.join(",")}`);
  }
  const plan = () =>
    planOf(chosen(flags), flags, given, {
      externals: externalsOf(flags, serviceOf(flags.service)),
      ...workersOf(flags),
    });
  const { "save-baseline": saved, name = saved } = flags;
  if (saved !== undefined && name !== saved) {
    throw new UsageError(`Cannot name a run both ${name} and ${saved}: leave out --name`);
  }
  const judge = judgeOf(flags, given);
  const { folder, exit } = await runAndPrint(plan, { ...flags, name }, given);
  const isWhole = exit === ExitCode.ok || exit === ExitCode.failed;
  return isWhole && judge ? exitOfBoth(exit, await judge(folder)) : exit;
}

/** Compares a new run with the one of --baseline, which is looked for before there is another of its name. */
function judgeOf(
  values: Values<typeof flags>,
  given: ReadonlySet<string>,
): ((folder: string) => Promise<number>) | undefined {
  const thresholds = parseThresholds("fail-above", values["fail-above"]);
  if (values.baseline !== undefined) {
    const before = placeOf(values.baseline);
    return (folder) => {
      if (!values.json) printLine("");
      return printRunComparison(before, { name: folder, folder }, { ...values, thresholds });
    };
  }
  const misplaced = Object.keys(gateFlags).find((name) => given.has(name));
  if (misplaced === undefined) return undefined;
  throw new UsageError(
    `Cannot use --${misplaced} without a run to compare with: write --baseline RUN`,
  );
}

function chosen({ designs: list, all, local, service: name }: Values<typeof flags>): string[] {
  if (list !== undefined && all) {
    throw new UsageError("Cannot run both --designs and --all: write one of them");
  }
  const service = serviceOf(name);
  const usual = (all ? reachableDesigns(local, service) : usualDesigns(local)).map(({ id }) => id);
  return list === undefined ? usual : designsOf(list, usual, local, service);
}
