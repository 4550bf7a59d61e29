/**
 * The command `sweep`: run designs over a range of one parameter. The default is the book's experiment with
 * too many children: ever more of them for the same ten clients.
 *
 * @module
 */
import { defineCommand } from "../cli/command.ts";
import type { Parsed, Values } from "../cli/flags.ts";
import { type NumberFlag, numberHelp, parseNumber } from "../cli/numbers.ts";
import { UsageError } from "../../servers/errors.ts";
import { designs, findDesign } from "../../servers/designs.ts";
import { runAndPrint } from "../cli/measuring.ts";
import { designsFlag, designsOf } from "../cli/choice.ts";
import { externalFlags, externalsOf } from "../cli/externals.ts";
import { measuringHints } from "../cli/hints.ts";
import { loadFlags, planOf, runFlags, serviceOf } from "../cli/options.ts";
import { splitTime, timeFlags, timeNumbers } from "../cli/service_time.ts";
import { BASELINE, DEFAULTS, variesBaseline } from "../plan/plan.ts";
import type { External } from "../record/external.ts";
import { isTold } from "../../servers/external/external.ts";
import { Parameter, type Plan, type Sweep } from "../record/record.ts";

/** From fewer children than clients to far more; 15 to 120 as in the book. */
const TOO_MANY = [10, 15, 30, 45, 60, 75, 90, 105, 120, 300];

/** The numbers of each parameter. */
const numbers: Record<Parameter, NumberFlag> = { ...loadFlags, ...timeNumbers };

const list = (parameter: Parameter) => ({
  kind: "string",
  value: "LIST",
  help: numberHelp(numbers[parameter]).replace(/\b(N|MS|US)\b/, "LIST"),
} as const);

const flags = {
  children: { ...list("children"), help: `Start LIST children in a pool (default ${TOO_MANY})` },
  clients: list("clients"),
  bytes: list("bytes"),
  think: list("think"),
  rate: list("rate"),
  arrivals: loadFlags.arrivals,
  p99: {
    kind: "integer",
    value: "MS",
    min: 0.001,
    max: 3_600_000,
    fractions: true,
    help: "Find the highest rate of each design at which p99 is below MS milliseconds",
  },
  work: { ...list("work"), help: timeFlags.work.help.replaceAll("US", "LIST") },
  wait: { ...list("wait"), help: timeFlags.wait.help.replaceAll("MS", "LIST") },
  designs: designsFlag("pools of forked children"),
  ...externalFlags,
  connections: {
    ...loadFlags.connections,
    help: `Make N connections with each client, or of ${DEFAULTS.clients} if --clients is a LIST`,
  },
  duration: loadFlags.duration,
  requests: loadFlags.requests,
  service: loadFlags.service,
  ...runFlags,
  resume: {
    kind: "string",
    value: "RUN",
    help: "Continue the recorded sweep RUN, which ended early",
  },
} as const;

/** The parsed command line. */
type Options = Parsed<typeof flags>;

export const command = defineCommand({
  name: "sweep",
  operands: "",
  description:
    "Run server designs over a range of one parameter, by default over ever more children, as in\n" +
    "the book. Give one flag a LIST such as 15,30,60; the others are one number.",
  examples: [
    ["Run the pools of forked children with 10 to 300 children, as in the book", "--rounds 3"],
    [
      "Run two pools with ever larger replies",
      "--designs prefork-mutex,prethread-mutex --bytes 1k,64k,1M",
    ],
    [
      "Run two pools and nginx with ever more of their workers",
      "--designs prefork-mutex,prefork-file-lock --preset nginx --service http --children 2,8,32",
    ],
    [
      "Find the highest rate at which 99 of 100 requests take less than 10 ms",
      "--designs prefork-mutex,slaunch --clients 100 --rate 1k,2k,4k,8k --p99 10",
    ],
  ],
  flags,
  exits: ["failed", "unsupported", "record", "timedOut", "interrupted"],
  hints: measuringHints,
  run: sweep,
});

async function sweep({ operands, flags, given }: Options): Promise<number> {
  if (operands.length > 0) {
    throw new UsageError(`Unexpected "${operands[0]}": write --designs ${operands.join(",")}`);
  }
  return (await runAndPrint(() => sweepPlan(flags, given), flags, given)).exit;
}

function sweepPlan(values: Values<typeof flags>, given: ReadonlySet<string>): Plan {
  const lists = Parameter.options.flatMap((parameter) => {
    const text = values[parameter];
    return text === undefined ? [] : [{ parameter, values: numbersOf(parameter, text) }];
  });
  const sweep = variedOf(lists);
  const { designs: list, local } = values;
  const service = serviceOf(values.service);
  const ids = list === undefined ? forkedPools() : designsOf(list, forkedPools(), local, service);
  const externals = externalsOf(values, service);
  requireDifference(ids, externals, sweep.parameter);
  const load = Object.fromEntries(Parameter.options.map((name) => {
    const fixed = lists.find(({ parameter }) => parameter === name && name !== sweep.parameter);
    return [name, fixed?.values[0] ?? DEFAULTS[name]];
  })) as Record<Parameter, number>;
  const times = { work: timeOf("work", values, load), wait: timeOf("wait", values, load) };
  if (values.p99 !== undefined && sweep.parameter !== "rate") {
    throw new UsageError(
      "Cannot find a rate with --p99: write --rate with a LIST such as 500,1k,2k",
    );
  }
  const asked = { externals, sweep, p99: values.p99 ?? null };
  return planOf(ids, { ...values, ...load, ...times }, given, asked);
}

/** A time as a flag: its number, with the distribution of the list. */
function timeOf(
  name: "work" | "wait",
  { [name]: text = "" }: Values<typeof flags>,
  load: Record<Parameter, number>,
): string {
  return splitTime(name, text).distribution === "fixed" ? `${load[name]}` : `exp:${load[name]}`;
}

/** Parses a list of distinct numbers. */
function numbersOf(parameter: Parameter, text: string): number[] {
  const list = parameter === "work" || parameter === "wait"
    ? splitTime(parameter, text).text
    : text;
  const values = list.split(",")
    .map((part) => parseNumber(parameter, numbers[parameter], part.trim()));
  const twice = values.find((value, index) => values.indexOf(value) < index);
  if (twice === undefined) return values;
  throw new UsageError(`Cannot run --${parameter} ${twice} twice: write each value once`);
}

/** The varied parameter: the one with several values. */
function variedOf(lists: readonly Sweep[]): Sweep {
  const [varied, another] = lists.filter(({ values }) => values.length > 1);
  if (another) {
    throw new UsageError(
      `Cannot vary both --${varied!.parameter} and --${another.parameter}: ` +
        "write a single value for one of them",
    );
  }
  if (varied) return varied;
  const fixed = lists.find(({ parameter }) => parameter === "children");
  if (!fixed) return { parameter: "children", values: TOO_MANY };
  throw new UsageError(
    `Nothing is varied with --children ${fixed.values[0]}: write a list such as ` +
      `--children 15,30,60, or several --clients, --bytes, --think, --rate, --work or --wait`,
  );
}

function forkedPools(): string[] {
  return designs
    .filter(({ row, children, lifetime }) =>
      row !== undefined && children === "fork" && lifetime === "pool"
    )
    .map(({ id }) => id);
}

/** @throws {UsageError} if the parameter makes no difference to a design or server other than the baseline. */
function requireDifference(
  ids: readonly string[],
  externals: readonly External[],
  parameter: Parameter,
): void {
  if (variesBaseline(parameter)) return;
  const others = ids.filter((id) => id !== BASELINE);
  if (others.length + externals.length === 0) {
    throw new UsageError(
      `Cannot vary --${parameter} of ${BASELINE}, to which it makes no difference: ` +
        "write other --designs",
    );
  }
  // slaunch has a server on each processor, whatever the number of children.
  const without = others.map((id) => findDesign(id)!)
    .find(({ lifetime, children }) => lifetime !== "pool" || children === "exec")?.id;
  if (parameter !== "children") return;
  if (without !== undefined) {
    throw new UsageError(
      `Cannot vary --children of ${without}, which has no pool of that size: leave it out of --designs`,
    );
  }
  const fixed = externals.find((external) => external.workers || !isTold("workers", external));
  if (fixed === undefined) return;
  throw new UsageError(
    `Cannot vary --children of ${fixed.name}, which is not told them: write {workers} in its ` +
      "command, its environment or a file",
  );
}
