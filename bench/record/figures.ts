/**
 * The figures of a run for other programs: what the tables print, as one JSON object under a schema.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import { Sweep } from "./plan.ts";
import { Load, Run } from "./record.ts";
import { count, seconds, Way } from "./trial.ts";

const number = z.number();
const share = z.number().min(0).max(1);

const Interval = z.object({
  low: number.describe("Lower end"),
  high: number.describe("Upper end"),
  kind: z.enum(["interval", "range"]).describe(
    "A confidence interval of the median; or, of fewer than 6 rounds, their range",
  ),
  coverage: share.describe("Probability of covering the true median"),
}).meta({ id: "Interval", description: "An interval, in the unit of its figure." });

const Estimate = z.object({
  n: count.describe("Rounds with a value"),
  median: number.describe("Their median"),
  mad: number.describe("Median absolute deviation of the rounds, not scaled"),
  interval: Interval.describe("Interval of the median"),
}).meta({ id: "Estimate", description: "A figure over the rounds that count." });

const figure = (what: string) => Estimate.nullable().describe(`${what}; null: not measured`);

const Latency = z.object({
  p50: figure("Median of a round"),
  p90: figure("90th percentile of a round"),
  p99: figure("99th percentile of a round"),
  p999: figure("99.9th percentile of a round"),
  max: figure("Maximum of a round"),
}).meta({
  id: "LatencyFigures",
  description:
    "Seconds from connect to the end of the reply: estimates over the rounds' percentiles; null, too, where fewer " +
    "than ten requests of all rounds took longer.",
});

const Switches = z.object({
  all: figure("Both kinds"),
  voluntary: figure("Because it waited"),
  involuntary: figure("Because its time slice was used up, or another task had priority"),
}).meta({ id: "SwitchFigures", description: "Context switches per connection." });

const EventFigures = z.object({
  instructions: figure("Instructions of the processor, in user and kernel mode"),
  cycles: figure("Cycles of the processor"),
  pageFaults: figure("Page faults"),
  migrations: figure("Moves to another processor"),
}).meta({ id: "EventFigures", description: "Events of parent and children, per connection." });

const Share = z.object({
  index: count.describe("Index in the pool, from 0"),
  connections: count.describe("Connections served"),
  cpuSeconds: seconds.nullable().describe(
    "CPU time; null for a worker of an external server whose process is not known, or not of that trial",
  ),
}).meta({ id: "Share", description: "The part of one child." });

const Evenness = z.object({
  by: Way.nullable().describe(
    "How the connections of an external server's workers were counted; null: children count themselves",
  ),
  round: count.nullable().describe(
    "The round of Table 30.2: the last that counts; null: an extra trial",
  ),
  maxOverMin: number.nullable().describe(
    "Most connections of a child over fewest; null: a child had none",
  ),
  pEven: share.nullable().describe(
    "Probability that a random assignment with equal chances is at least as uneven; null: too few to tell",
  ),
  children: z.array(Share).describe("What each child served"),
}).meta({ id: "Evenness", description: "How clients spread over the children of a pool." });

const AgainstBaseline = z.object({
  figure: z.enum(["instructions", "cpu"]).describe(
    "What was compared: instructions where all trials have them, since they vary less, else CPU time",
  ),
  finding: z.enum(["higher", "lower", "no difference", "too few rounds"])
    .describe("What the rounds show: whether it costs more"),
  ratio: number.describe("The figure over that of the baseline"),
  interval: Interval.describe("Interval of the ratio"),
  p: share.describe("p-value of no difference, after Holm's correction"),
  smallestP: share.describe("The smallest p-value that these rounds could have shown"),
  comparisons: count.describe("Comparisons in the correction"),
}).meta({
  id: "AgainstBaseline",
  description:
    "CPU time or instructions against those of the baseline in the same rounds (Wilcoxon's signed-rank test).",
});

const DesignFigures = z.object({
  design: z.string().describe("Id of the design"),
  values: z.array(count).describe("Values of the sweep that it was measured at; empty: no sweep"),
  row: count.nullable().describe("Row of Table 30.1; null: beyond the book"),
  isBaseline: z.boolean().describe("Whether the others are compared with it"),
  n: count.describe("Rounds that count"),
  failed: count.describe("Rounds that failed, and count nowhere"),
  cpuSeconds: figure("CPU seconds of parent and children"),
  processControlSeconds: figure("CPU seconds above the baseline in the same round"),
  cpuMicrosecondsPerConnection: figure("CPU microseconds per connection"),
  cpuMicrosecondsPerRequest: figure("CPU microseconds per request"),
  systemShareOfCpu: figure("System share of the CPU time, counted in ticks"),
  clientCpuSeconds: figure("CPU seconds of the clients"),
  wallSeconds: figure("Seconds from the first connection to the last"),
  connectionsPerSecond: figure("Connections a second"),
  requestsPerSecond: figure("Requests a second"),
  latencySeconds: Latency.describe("Latency of a request, the first of a connection from connect"),
  contextSwitchesPerConnection: Switches.describe("Context switches of parent and children"),
  eventsPerConnection: EventFigures.describe("Events of parent and children, per connection"),
  emptyAcceptsPerConnection: figure("Calls of accept that found no connection, per connection"),
  pssBytes: figure(
    "Memory of parent and children at the busiest moment of the load, in bytes, shared pages by share",
  ),
  meanPssBytes: figure("Mean of the same over the load"),
  pssBytesPerChild: figure("Memory of the median child of a pool at the end"),
  evenness: Evenness.nullable().describe("How its clients spread; null: without a pool"),
  againstBaseline: AgainstBaseline.nullable().describe(
    "Its CPU time, or instructions, against the baseline's; null: none",
  ),
}).meta({ id: "DesignFigures", description: "A design; in a sweep, a design at one value." });

export const Figures = z.object({
  ...Run.pick({ schema: true, herd: true, name: true, startedAt: true, complete: true }).shape,
  commit: z.string().nullable().describe("Commit of Herd, if it is a git checkout"),
  trials: z.object({
    planned: count.describe("Trials planned"),
    recorded: count.describe("Trials recorded"),
    failed: count.describe("Of those, trials that do not count"),
  }).meta({ id: "TrialCounts", description: "How much of the run there is." })
    .describe("How much of the run there is"),
  load: Load.describe(
    "Load of every design but the baseline, whose one client makes all connections",
  ),
  sweep: Sweep.nullable().describe("What is varied; null: nothing"),
  warnings: z.array(z.string()).describe("What speaks against the figures"),
  designs: z.array(DesignFigures).describe("The designs, in the order of the tables"),
}).meta({
  title: "Summary",
  description: "The figures of a run, as deno task tables RUN --format json prints them.",
});

export type Figures = z.infer<typeof Figures>;
export type DesignFigures = z.infer<typeof DesignFigures>;
