/**
 * What a comparison judges: a number of each valid trial.
 *
 * @module
 */
import { findDesign } from "../../servers/designs.ts";
import type { Trial } from "../record/record.ts";

/** The names of the metrics, as in `--fail-above`. */
export const METRICS = ["cpu", "p50", "p99", "throughput", "memory", "instructions"] as const;

export type MetricName = typeof METRICS[number];

/** Those that a verdict rests on: the first that was measured. Instructions vary far less than seconds. */
export const DECIDING = ["instructions", "cpu"] as const satisfies readonly MetricName[];

/** A metric that a verdict rests on. */
export type Deciding = typeof DECIDING[number];

/** A metric of a trial. */
export interface Metric {
  /** In sentences. */
  readonly title: string;
  /** In a table, with the unit. */
  readonly heading: string;
  /** Which direction is a regression. */
  readonly worse: "higher" | "lower";
  /** Whether it is left out where no trial has it. */
  readonly isOptional?: boolean;
  /** The number of a trial, in the unit of the heading; null or 0: it has none. */
  of(trial: Trial): number | null;
}

/** The metrics by name. */
export const metrics: Readonly<Record<MetricName, Metric>> = {
  cpu: {
    title: "CPU per connection",
    heading: "CPU µs /conn.",
    worse: "higher",
    of: ({ cpu, client, load }) =>
      (cpu?.total ?? 0) * 1e6 / (client?.connections || load.clients * load.connections),
  },
  p50: {
    title: "median latency",
    heading: "p50 µs",
    worse: "higher",
    of: ({ client }) => client && client.latency.p50 * 1e6,
  },
  p99: {
    title: "p99 latency",
    heading: "p99 µs",
    worse: "higher",
    of: ({ client }) => client && client.latency.p99 * 1e6,
  },
  throughput: {
    title: "throughput",
    heading: "conn. /s",
    worse: "lower",
    of: ({ client }) => client && client.connectionsPerSecond,
  },
  memory: {
    title: "memory",
    heading: "memory MiB",
    worse: "higher",
    // Without samples it is that after the load, when a child for one client is gone.
    of: ({ design, memory, pssBytes }) => {
      const after = findDesign(design)?.lifetime === "client" ? null : pssBytes;
      return (memory?.peakBytes ?? after ?? 0) / 2 ** 20;
    },
  },
  instructions: {
    title: "instructions per connection",
    heading: "instr. /conn.",
    worse: "higher",
    isOptional: true,
    of: ({ events, client, load }) =>
      (events?.instructions ?? 0) / (client?.connections || load.clients * load.connections),
  },
};
