/**
 * One report from those of several hosts: counts are added, and so are histograms. No percentile is averaged.
 *
 * @module
 */
import { Histogram } from "./histogram.ts";
import type { LoadReport, OpenLoopReport, SeriesCounts } from "./protocol.ts";
import { mergeSeries } from "./series.ts";

/** What one host reports of its part of a load. */
export interface Part {
  readonly report: LoadReport;
  /** Its series from the agreed start. */
  readonly counts: SeriesCounts;
  /** Seconds of one clock for all hosts: the start of its first client, and the end of its last. */
  readonly start: number;
  readonly end: number;
}

/**
 * The report of all hosts together. Wall time is from the first start to the last end.
 *
 * @throws {Error} if a histogram cannot be read.
 */
export async function mergeReports(parts: readonly Part[]): Promise<LoadReport> {
  const reports = parts.map(({ report }) => report);
  const sum = (of: (report: LoadReport) => number) =>
    reports.reduce((total, report) => total + of(report), 0);
  const latencies = new Histogram();
  const errors: Record<string, number> = {};
  for (const { latency, errors: own } of reports) {
    latencies.addEncoded(latency.histogram);
    for (const [kind, count] of Object.entries(own)) errors[kind] = (errors[kind] ?? 0) + count;
  }
  const max = Math.max(...reports.map(({ latency }) => latency.max));
  const connections = sum((report) => report.connections);
  const wallSeconds = Math.max(...parts.map(({ end }) => end)) -
    Math.min(...parts.map(({ start }) => start));
  return {
    making: reports.find(({ making }) => making === "worker")?.making ?? "fork",
    connections,
    requests: sum(({ requests }) => requests ?? 0),
    errors,
    wallSeconds,
    connectionsPerSecond: connections / wallSeconds,
    openLoop: mergeOpenLoops(reports.flatMap(({ openLoop }) => openLoop ?? [])),
    cpu: {
      user: sum(({ cpu }) => cpu.user),
      system: sum(({ cpu }) => cpu.system),
      total: sum(({ cpu }) => cpu.total),
    },
    latency: await latencies.summary(max),
    hosts: null,
    workers: mergeWorkers(reports.flatMap(({ workers }) => workers === null ? [] : [workers])),
    series: mergeSeries(parts.map(({ counts }) => counts)),
  };
}

/** Hosts have their most connections at different times: the most of all is at most the sum. */
function mergeOpenLoops(loops: readonly OpenLoopReport[]): OpenLoopReport | null {
  if (loops.length === 0) return null;
  const sum = (of: (loop: OpenLoopReport) => number) =>
    loops.reduce((total, loop) => total + of(loop), 0);
  return {
    startedPerSecond: sum((loop) => loop.startedPerSecond),
    late: sum(({ late }) => late),
    unsent: sum(({ unsent }) => unsent),
    mostOpen: sum(({ mostOpen }) => mostOpen),
  };
}

function mergeWorkers(all: readonly NonNullable<LoadReport["workers"]>[]): LoadReport["workers"] {
  if (all.length === 0) return null;
  const sums: Record<string, number> = {};
  for (const [name, count] of all.flatMap((workers) => Object.entries(workers))) {
    sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
