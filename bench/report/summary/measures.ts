/**
 * The figures of a run for services that follow them from one commit to the next.
 *
 * @module
 */
import { nameAt } from "../../plan/plan.ts";
import type { DesignFigures, Figures } from "../../record/figures.ts";

/** A figure that is followed. */
interface Measure {
  readonly title: string;
  /** Its slug at Bencher, where `latency` in ns and `throughput` in operations a second are known. */
  readonly slug: string;
  readonly unit: string;
  /** Factor from the unit of the figure. */
  readonly scale: number;
  readonly isLowerBetter: boolean;
  of(design: DesignFigures): DesignFigures["pssBytes"];
}

const MEASURES: readonly Measure[] = [
  {
    title: "CPU per connection",
    slug: "cpu-per-connection",
    unit: "µs",
    scale: 1,
    isLowerBetter: true,
    of: ({ cpuMicrosecondsPerConnection }) => cpuMicrosecondsPerConnection,
  },
  {
    title: "instructions per connection",
    slug: "instructions-per-connection",
    unit: "instructions",
    scale: 1,
    isLowerBetter: true,
    of: ({ eventsPerConnection }) => eventsPerConnection.instructions,
  },
  {
    title: "median latency",
    slug: "latency",
    unit: "ns",
    scale: 1e9,
    isLowerBetter: true,
    of: ({ latencySeconds }) => latencySeconds.p50,
  },
  {
    title: "p99 latency",
    slug: "p99-latency",
    unit: "ns",
    scale: 1e9,
    isLowerBetter: true,
    of: ({ latencySeconds }) => latencySeconds.p99,
  },
  {
    title: "connections a second",
    slug: "throughput",
    unit: "conn./s",
    scale: 1,
    isLowerBetter: false,
    of: ({ connectionsPerSecond }) => connectionsPerSecond,
  },
  {
    title: "memory",
    slug: "memory",
    unit: "MiB",
    scale: 2 ** -20,
    isLowerBetter: true,
    of: ({ pssBytes }) => pssBytes,
  },
];

/** A figure of a design: the median of the rounds and its interval, in the unit of the measure. */
interface Measured {
  readonly name: string;
  readonly measure: Measure;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** All that was measured; a design in a sweep has its value in its name. */
function measuredOf({ designs, sweep }: Figures): Measured[] {
  return designs.flatMap((design) => {
    const [value] = design.values;
    const isOne = sweep !== null && design.values.length === 1;
    const name = isOne ? nameAt(design.design, sweep.parameter, value!) : design.design;
    return MEASURES.flatMap((measure) => {
      const estimate = measure.of(design);
      if (estimate === null) return [];
      const scaled = (figure: number) => Number((figure * measure.scale).toPrecision(6));
      const { median, interval: { low, high } } = estimate;
      return [{
        name,
        measure,
        value: scaled(median),
        low: scaled(low),
        high: scaled(high),
      }];
    });
  });
}

/** As Bencher Metric Format (https://bencher.dev/docs/reference/bencher-metric-format). */
export function bencherMetrics(figures: Figures): Record<string, Record<string, unknown>> {
  const byName = Map.groupBy(measuredOf(figures), ({ name }) => name);
  return Object.fromEntries(
    [...byName].map(([name, measured]) => [
      name,
      Object.fromEntries(measured.map(({ measure: { slug }, value, low, high }) => [
        slug,
        { value, lower_value: low, upper_value: high },
      ])),
    ]),
  );
}

/** As `customSmallerIsBetter` of github-action-benchmark: without throughput, of which more is better. */
export function githubBenchmarks(figures: Figures): Record<string, string | number>[] {
  return measuredOf(figures).filter(({ measure }) => measure.isLowerBetter)
    .map(({ name, measure: { title, unit }, value, low, high }) => ({
      name: `${name}: ${title}`,
      unit,
      value,
      range: `${low} to ${high}`,
    }));
}
