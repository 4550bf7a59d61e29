/**
 * The conclusion of a run: what to take away, at the end of the output.
 *
 * @module
 */
import { type Alike, alikeOf } from "../summary/alike.ts";
import { type Knee, kneesOf, type RatePoint } from "../summary/knee.ts";
import type { ReportData } from "../summary/report_data.ts";
import type { DesignSummary, Estimate } from "../summary/summary.ts";
import { verdict } from "../../compare/verdict.ts";
import { short } from "./table.ts";

/** The lines, without the baseline, which serves one client at a time; of a sweep, the knees. */
export function conclusion({ run, designs, series, sweep }: ReportData): string[] {
  const measured = designs.filter(({ isBaseline, n }) => !isBaseline && n > 0);
  if (sweep) return knees(kneesOf(sweep, run.plan.p99), run.plan.p99);
  if (measured.length === 0) return [];
  if (measured.length === 1) return single(measured[0]!);
  return [
    best("Cheapest per connection, apart from the baseline", measured, {
      estimate: ({ cpuMicrosecondsPerConnection }) => cpuMicrosecondsPerConnection,
      text: (value) => `${short(value)} µs of CPU`,
    }),
    [
      ...best("Best tail latency", measured, {
        estimate: ({ latency }) => latency.p99,
        text: (value) => `p99 ${short(1000 * value)} ms`,
      }),
      ...best("Highest throughput", measured, {
        estimate: ({ connectionsPerSecond }) => connectionsPerSecond,
        isHigherBetter: true,
        text: (value) => `${short(value)} connections/s`,
      }),
    ].join(" "),
    alikeText(alikeOf(measured, series)),
  ].flat().filter((line) => line !== "");
}

/** Up to which rate each design answers in time. */
function knees(found: readonly Knee[], limit: number | null): string[] {
  const at = ({ rate, p99 }: RatePoint) =>
    `${rate}: ${p99 === null ? "no valid trial" : `${short(1000 * p99)} ms`}`;
  const texts = found.map(({ design, last, first }) =>
    last === undefined
      ? `${design} at no rate (${at(first!)})`
      : `${design} up to ${last.rate} (${
        [last, first].filter((point) => point !== undefined).map(at).join(", ")
      })`
  );
  return texts.length === 0
    ? []
    : [`p99 below ${limit} ms, by requests a second: ${texts.join("; ")}.`];
}

/** The conclusion of a single design. */
function single(
  { id, cpuMicrosecondsPerConnection: cpu, latency, connectionsPerSecond, againstBaseline }:
    DesignSummary,
): string[] {
  const values = [
    cpu && `${short(cpu.median)} µs of CPU per connection`,
    latency.p99 && `p99 ${short(1000 * latency.p99.median)} ms`,
    connectionsPerSecond && `${short(connectionsPerSecond.median)} connections/s`,
  ].filter((text) => text !== null);
  return [
    `${id}: ${values.join(", ")}.`,
    ...(againstBaseline
      ? [verdict(againstBaseline, "the baseline", id, againstBaseline.figure)]
      : []),
  ];
}

/** Which designs are not told apart from the cheapest. */
function alikeText(found: Alike | undefined): string {
  if (found === undefined) return "";
  const { cheapest, alike, needed } = found;
  if (needed !== null) {
    return `Too few rounds to tell the designs apart: at least ${needed} are needed.`;
  }
  return alike.length === 0
    ? `All others use more CPU time than ${cheapest}.`
    : `Not distinguishable from ${cheapest} in CPU time: ${alike.join(", ")}.`;
}

interface Criterion {
  readonly estimate: (design: DesignSummary) => Estimate | null;
  readonly isHigherBetter?: boolean;
  readonly text: (value: number) => string;
}

/** The design with the best median; none if nothing was measured. */
function best(
  title: string,
  designs: readonly DesignSummary[],
  { estimate, isHigherBetter = false, text }: Criterion,
): string[] {
  const sign = isHigherBetter ? -1 : 1;
  const [first] = designs.flatMap((design) => {
    const value = estimate(design)?.median;
    return value === undefined ? [] : [{ id: design.id, value }];
  }).toSorted((a, b) => sign * (a.value - b.value));
  return first ? [`${title}: ${first.id}, ${text(first.value)}.`] : [];
}
