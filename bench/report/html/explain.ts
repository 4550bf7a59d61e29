/**
 * The description of each design: what it does, the book's results, this run's results, and the explanation.
 *
 * @module
 */
import { DESIGN_WORDS } from "./words.ts";
import { BOOK_COSTS } from "../summary/book.ts";
import { makingOf } from "../charts/theme.ts";
import type { DesignSummary, Estimate, Summary } from "../summary/summary.ts";
import type { SweepPoint } from "../summary/sweep.ts";
import { short, signedText } from "../tables/table.ts";

/** The description of a design. A part is null if it does not apply. */
export interface Explanation {
  readonly does: string;
  readonly book: string | null;
  readonly here: string;
  readonly why: string | null;
}

/** Describes a design of a run. */
export function explain(design: DesignSummary, summary: Summary): Explanation {
  const words = design.info === null ? undefined : DESIGN_WORDS[design.id];
  return {
    does: words?.does ?? describe(design, summary),
    book: inTheBook(design),
    here: here(design, summary),
    why: words?.why ?? null,
  };
}

/** Describes a design of a sweep by its first and last points. */
export function explainSweep(id: string, points: readonly SweepPoint[]): Explanation {
  const found = points.flatMap(({ value, summary }) => {
    const design = summary.designs.find((design) => design.id === id);
    return design ? [{ value, design, summary }] : [];
  });
  const { design, summary } = found[0]!;
  const ends = [found[0]!, found.at(-1)!].map(({ value, design: { processControl } }) =>
    `${processControl ? `${signedText(processControl.median, 3)} s` : "no valid trial"} ` +
    `at ${value}`
  );
  return {
    ...explain(design, summary),
    here: design.isBaseline
      ? "The baseline of each point."
      : `Process control: ${ends.join(", ")}.`,
  };
}

/** A description from the registry, or the plan, alone. */
function describe({ id, title, info }: DesignSummary, { run }: Summary): string {
  const external = run.plan.externals.find(({ name }) => name === id);
  if (external) return `An external server: ${external.command.join(" ")}`;
  if (!info) return "Not registered in this version of Herd: only its record is known.";
  return `${title}. Children: ${makingOf(info)}. Accept by: ${info.accepts}.`;
}

/** The systems of the book, and the decimals of its results. */
const SYSTEMS = [
  ["in the third edition", "thirdEdition", 2],
  ["on Solaris", "solaris", 1],
  ["on Digital Unix", "digitalUnix", 1],
  ["on BSD/OS", "bsdOs", 1],
] as const;

function inTheBook({ row, isBaseline }: DesignSummary): string | null {
  if (row === null) return null;
  if (isBaseline) return "Row 0 of Table 30.1, 0 by definition.";
  const costs = BOOK_COSTS.find((cost) => cost.row === row);
  if (!costs) return null;
  const costsText = SYSTEMS.flatMap(([system, field, decimals]) => {
    const seconds = costs[field];
    if (seconds === null) return [];
    const all = BOOK_COSTS.flatMap((cost) => cost[field] ?? []);
    return [`${seconds.toFixed(decimals)} s ${system} (${rank(seconds, all)})`];
  });
  return `Row ${row} of Table 30.1: ${costsText.join(", ")}.`;
}

const MIB = 1024 * 1024;

function here(design: DesignSummary, { designs }: Summary): string {
  const { n, cpuMicrosecondsPerConnection: each, processControl, pssBytes, isBaseline } = design;
  if (n === 0 || !each) return "No valid trial.";
  const baseline = designs.find((other) => other.isBaseline)?.cpuMicrosecondsPerConnection;
  const all = designs.flatMap((other) =>
    other.isBaseline ? [] : other.cpuMicrosecondsPerConnection?.median ?? []
  );
  return [
    `${short(each.median)} µs CPU per connection` +
    (isBaseline ? "" : `, ${rank(each.median, all)}`) +
    (baseline && !isBaseline
      ? `, ${short(each.median / baseline.median)} times the baseline`
      : "") +
    ".",
    ...(processControl && !isBaseline
      ? [`Process control: ${signedText(processControl.median, 3)} s${spread(processControl)}.`]
      : []),
    ...clientResults(design),
    ...distributionResults(design),
    ...(pssBytes ? [`Memory (PSS): ${short(pssBytes.median / MIB)} MiB.`] : []),
  ].join(" ");
}

function spread({ n, interval: { low, high, kind } }: Estimate): string {
  if (n < 2) return " in one round";
  const name = kind === "range" ? "range" : "95 % interval";
  return ` (${name} ${signedText(low, 3)} to ${signedText(high, 3)}, ${n} rounds)`;
}

function clientResults({ connectionsPerSecond: rate, latency: { p50, p99 } }: DesignSummary) {
  if (!rate || !p50 || !p99) return [];
  const ms = ({ median }: Estimate) => `${short(1000 * median)} ms`;
  return [
    `Throughput: ${short(rate.median)} connections per second. Latency: p50 ${ms(p50)}, p99 ${
      ms(p99)
    }.`,
  ];
}

function distributionResults({ evenness, switches, info }: DesignSummary): string[] {
  const perClient = switches.all
    ? [`${short(switches.all.median)} context switches per connection.`]
    : [];
  if (!evenness || info?.lifetime !== "pool") return perClient;
  return [
    `The busiest child served ${
      short(evenness.median)
    } times as many clients as the least busy one.`,
    ...perClient,
  ];
}

/** The rank of a cost. */
function rank(value: number, all: readonly number[]): string {
  const place = all.filter((other) => other < value).length + 1;
  if (all.length < 2) return "the only one measured";
  if (place === 1) return `the cheapest of ${all.length}`;
  if (place === all.length) return `the most expensive of ${all.length}`;
  return `${ordinal(place)} cheapest of ${all.length}`;
}

function ordinal(place: number): string {
  const tens = Math.floor(place / 10) % 10;
  const suffix = tens === 1 ? "th" : ["th", "st", "nd", "rd"][place % 10] ?? "th";
  return `${place}${suffix}`;
}
