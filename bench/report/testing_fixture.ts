/**
 * Small records for tests, validated by the schema of real records.
 *
 * @module
 */
import {
  type Load,
  type Recorded,
  Run,
  SCHEMA_VERSION,
  type Sweep,
  Trial,
} from "../record/record.ts";

/** The fields a test sets; the rest is filled in to match. */
export interface TrialFixture {
  readonly design: string;
  readonly round?: number;
  /** Seconds. */
  readonly cpu?: number;
  /** Connections of each child. */
  readonly children?: readonly number[];
  /** Reason of the failure; absent: the trial is valid. */
  readonly failed?: string | null;
  /** Total connections. */
  readonly connections?: number;
  /** Total context switches. */
  readonly switches?: { readonly voluntary: number; readonly involuntary: number };
  /** Planned size of the pool. */
  readonly poolSize?: number;
  /** Total instructions; absent: no events are counted. */
  readonly instructions?: number;
  /** Requests on each connection. */
  readonly requests?: number;
  readonly bytes?: number;
  /** Microseconds of CPU time, and milliseconds of waiting, of each request. */
  readonly work?: number;
  readonly wait?: number;
  /** Seconds. */
  readonly latency?: {
    readonly p50: number;
    readonly p99: number;
    readonly p999?: number;
    readonly max: number;
  };
  /** Memory during the load, in MiB; absent: an old record, with that after it. */
  readonly memory?: { readonly peak: number; readonly mean: number };
}

/** Linux, 2 processors, everything readable. */
const environment = {
  system: "Linux",
  kernel: "6.18.5",
  architecture: "x86_64",
  libc: "glibc 2.41",
  cpu: "Example CPU",
  processors: 2,
  memoryBytes: 4e9,
  autogroup: true,
  deno: "2.9.6",
  v8: "14.9",
  commit: null,
  fork: { works: true, attempts: 1, reason: null },
};

/** The book's load, as a trial has it. */
export const BOOK_LOAD: Load = {
  clients: 10,
  connections: 500,
  requests: 1,
  bytes: 4000,
  think: 0,
  rate: 0,
  duration: 0,
  work: 0,
  wait: 0,
};

const MIB = 1024 * 1024;

/** A trial, of 1000 connections by default. */
export function trial(fixture: TrialFixture): Trial {
  const { design, round = 0, cpu = 0.1, children = [1000], failed } = fixture;
  const { connections = 1000, requests = 1, switches = { voluntary: 1500, involuntary: 500 } } =
    fixture;
  const latency = { p50: 0.0002, p99: 0.0009, max: 0.004, ...fixture.latency, histogram: "" };
  const nothing = { user: 0, system: 0, total: 0 };
  const clients = design === "iterative" ? 1 : 10;
  return Trial.parse({
    round,
    position: 0,
    design,
    status: failed === undefined ? "ok" : "failed",
    reason: failed ?? null,
    startedAt: "2025-11-21T08:00:00Z",
    load: {
      clients,
      connections: connections / clients,
      requests,
      bytes: fixture.bytes ?? 4000,
      work: fixture.work ?? 0,
      wait: fixture.wait ?? 0,
    },
    poolSize: fixture.poolSize ?? null,
    cpu: { user: cpu / 4, system: 3 * cpu / 4, total: cpu },
    switches,
    pssBytes: 50 * MIB,
    memory: fixture.memory === undefined ? null : {
      peakBytes: fixture.memory.peak * MIB,
      meanBytes: fixture.memory.mean * MIB,
      samples: 5,
    },
    events: fixture.instructions === undefined ? null : {
      instructions: fixture.instructions,
      cycles: null,
      pageFaults: 0,
      migrations: connections / 10,
    },
    parent: null,
    children: children.map((connections, index) => ({
      index,
      pid: 100 + index,
      connections,
      requests: connections * requests,
      given: 0,
      rejected: 0,
      lost: 0,
      cpu: nothing,
      switches: { voluntary: 0, involuntary: 0 },
    })),
    client: {
      connections,
      requests: connections * requests,
      errors: {},
      wallSeconds: cpu * 2,
      connectionsPerSecond: connections / (cpu * 2),
      cpu: nothing,
      latency,
    },
    kernel: { passiveOpens: connections, otherTraffic: 0, listenOverflows: 0 },
  });
}

/** A run of these trials. `run` overrides the planned designs, or makes it a sweep. */
export function record(
  trials: readonly TrialFixture[],
  run: { designs?: readonly string[]; sweep?: Sweep; wait?: number } = {},
): Recorded {
  const positions = new Map<number, number>();
  const found = trials.map(trial).map((trial) => {
    const position = positions.get(trial.round) ?? 0;
    positions.set(trial.round, position + 1);
    return { ...trial, position };
  });
  const designs = run.designs ?? [...new Set(trials.map(({ design }) => design))];
  return {
    trials: found,
    run: Run.parse({
      schema: SCHEMA_VERSION,
      herd: "0.1.0",
      startedAt: "2025-11-21T08:00:00Z",
      endedAt: null,
      complete: true,
      plan: {
        designs,
        rounds: 7,
        seed: 42,
        clients: 10,
        connections: 100,
        requests: found[0]?.load.requests ?? 1,
        bytes: 4000,
        children: 3,
        wait: run.wait ?? 0,
        sweep: run.sweep ?? null,
        sessions: "separate",
        trials: found.map(({ round, position, design, load, poolSize }) => ({
          round,
          position,
          design,
          load,
          poolSize,
        })),
      },
      environment,
    }),
  };
}

/** One trial of a design per round, with these CPU seconds. */
export function rounds(design: string, cpu: readonly number[], more: Partial<TrialFixture> = {}) {
  return cpu.map((cpu, round) => ({ design, round, cpu, ...more }));
}
