/**
 * The figures of a run for other programs.
 *
 * @module
 */
import { findingOf } from "../../compare/comparison.ts";
import type { DesignFigures, Figures } from "../../record/figures.ts";
import type { ReportData } from "./report_data.ts";
import type { DesignSummary } from "./summary.ts";

/** The figures of the tables, with all digits. Designs are in the order of `data.designs`. */
export function figuresOf(data: ReportData): Figures {
  const { run, series, recordedTrials, designs, sweep, warnings } = data;
  const { schema, herd, name, startedAt, complete, plan, environment } = run;
  const { clients, connections, duration, requests, bytes, think, rate, work, wait } = plan;
  return {
    schema,
    herd,
    name,
    startedAt,
    complete,
    commit: environment.commit,
    trials: {
      planned: plan.trials.length,
      recorded: recordedTrials,
      failed: series.reduce((sum, { failed }) => sum + failed, 0),
    },
    load: { clients, connections, duration, requests, bytes, think, rate, work, wait },
    sweep: plan.sweep,
    warnings: warnings.map(({ text }) => text),
    designs: sweep
      ? sweep.rows.map(({ design, values }) => designFigures(design, values))
      : designs.map((design) => designFigures(design, [])),
  };
}

function designFigures(design: DesignSummary, values: readonly number[]): DesignFigures {
  return {
    design: design.id,
    values: [...values],
    row: design.row,
    isBaseline: design.isBaseline,
    n: design.n,
    failed: design.failures.reduce((sum, { rounds }) => sum + rounds.length, 0),
    cpuSeconds: design.cpu,
    processControlSeconds: design.processControl,
    cpuMicrosecondsPerConnection: design.cpuMicrosecondsPerConnection,
    cpuMicrosecondsPerRequest: design.cpuMicrosecondsPerRequest,
    systemShareOfCpu: design.systemShare,
    clientCpuSeconds: design.clientCpu,
    wallSeconds: design.wallSeconds,
    connectionsPerSecond: design.connectionsPerSecond,
    requestsPerSecond: design.requestsPerSecond,
    latencySeconds: design.latency,
    contextSwitchesPerConnection: design.switches,
    eventsPerConnection: design.events,
    emptyAcceptsPerConnection: design.emptyAccepts,
    pssBytes: design.pssBytes,
    meanPssBytes: design.meanPssBytes,
    pssBytesPerChild: design.pssBytesPerChild,
    evenness: evennessOf(design),
    againstBaseline: againstBaselineOf(design),
  };
}

function evennessOf({ distribution }: DesignSummary): DesignFigures["evenness"] {
  if (!distribution) return null;
  const { by, round, evenness, pEven, children } = distribution;
  return {
    by,
    round,
    // JSON has no infinity.
    maxOverMin: Number.isFinite(evenness) ? evenness : null,
    pEven,
    children: [...children],
  };
}

function againstBaselineOf({ againstBaseline }: DesignSummary): DesignFigures["againstBaseline"] {
  if (!againstBaseline) return null;
  const { figure, ratio, interval, correctedP, smallestP, family } = againstBaseline;
  return {
    figure,
    finding: findingOf(againstBaseline),
    ratio,
    interval,
    p: correctedP,
    smallestP,
    comparisons: family,
  };
}
