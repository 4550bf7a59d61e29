/**
 * The record of a run: `run.json` (what was planned, on which machine) and `trials.jsonl` (one line a
 * trial). Everything else in a run's folder is a pure function of these two.
 *
 * Units: times and CPU in seconds, sizes in bytes, everything else a count.
 *
 * @module
 */
import { z } from "zod";

/** Raised when a field changes its meaning; a reader refuses versions it does not know. */
export const SCHEMA_VERSION = 1;

const count = z.int().nonnegative();
const seconds = z.number().nonnegative();

/** CPU seconds. `total` is exact; the split is tick-based in the kernel and only indicative. */
export const Cpu = z.object({ user: seconds, system: seconds, total: seconds });

/** Context switches (getrusage(2): ru_nvcsw, ru_nivcsw). */
export const Switches = z.object({ voluntary: count, involuntary: count });

/** What one child did and cost between mark and stop. */
export const Child = z.object({
  index: count,
  /** Of the child alive at the end; null where one entry stands for all children of a per-client design. */
  pid: count.nullable(),
  connections: count,
  /** Connections the parent has passed to it; 0 where it does not pass them. */
  given: count,
  /** Connections closed because of a request the service refuses. */
  rejected: count,
  /** Children that died here. */
  lost: count,
  cpu: Cpu,
  switches: Switches,
});

/** A process that only accepts, hands over or waits. */
export const Parent = z.object({ pid: count, cpu: Cpu, switches: Switches });

/** What the client saw. Latency is that of a whole connection: connect, request, reply. */
export const Client = z.object({
  connections: count,
  errors: z.record(z.string(), count),
  wallSeconds: seconds,
  connectionsPerSecond: seconds,
  cpu: Cpu,
  latency: z.object({
    p50: seconds,
    p99: seconds,
    max: seconds,
    /** HdrHistogram of microseconds, V2 compressed, base64. */
    histogram: z.string(),
  }),
});

/** The load of one trial. `connections` is per client. */
export const Load = z.object({ clients: count, connections: count, bytes: count });

/** One trial: one design under one load, once. Figures are null where the trial failed before it had them. */
export const Trial = z.object({
  round: count,
  /** Position within the round, from 0. */
  position: count,
  design: z.string(),
  status: z.enum(["ok", "failed"]),
  /** Why it failed. */
  reason: z.string().nullable(),
  startedAt: z.iso.datetime(),
  load: Load,
  /** Of everything that serves: parent and children. */
  cpu: Cpu.nullable(),
  switches: Switches.nullable(),
  /** Null where the process that accepts is the one that serves. */
  parent: Parent.nullable(),
  children: z.array(Child),
  client: Client.nullable(),
  kernel: z.object({
    /** Growth of PassiveOpens in /proc/net/snmp: every connection the network namespace accepted. */
    passiveOpens: count.nullable(),
    /** Those of them that were not ours. */
    otherTraffic: count.nullable(),
  }),
});

/** What is run, and in which order. */
export const Plan = z.object({
  designs: z.array(z.string()),
  rounds: count,
  seed: count,
  clients: count,
  connections: count,
  bytes: count,
  children: count,
  /** Whether server and client each have a process session of their own (they do; see setsid(2)). */
  sessions: z.enum(["separate", "same"]),
  /** Every planned trial, in order. */
  trials: z.array(z.object({ round: count, position: count, design: z.string(), load: Load })),
});

/** Where it was measured. Null: could not be read. */
export const Environment = z.object({
  system: z.string(),
  kernel: z.string(),
  architecture: z.string(),
  libc: z.string().nullable(),
  cpu: z.string().nullable(),
  processors: count,
  memoryBytes: count.nullable(),
  autogroup: z.boolean().nullable(),
  deno: z.string(),
  v8: z.string(),
  commit: z.string().nullable(),
  /** Whether fork(2) works here, and what its proof took. */
  fork: z.object({ works: z.boolean(), attempts: count, reason: z.string().nullable() }),
});

/** `run.json`. */
export const Run = z.object({
  schema: z.literal(SCHEMA_VERSION),
  herd: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** Whether every planned trial is in `trials.jsonl`. */
  complete: z.boolean(),
  plan: Plan,
  environment: Environment,
});

export type Cpu = z.infer<typeof Cpu>;
export type Switches = z.infer<typeof Switches>;
export type Child = z.infer<typeof Child>;
export type Parent = z.infer<typeof Parent>;
export type Client = z.infer<typeof Client>;
export type Load = z.infer<typeof Load>;
export type Trial = z.infer<typeof Trial>;
export type Plan = z.infer<typeof Plan>;
export type Environment = z.infer<typeof Environment>;
export type Run = z.infer<typeof Run>;

/** A run as recorded. */
export interface Recorded {
  readonly run: Run;
  readonly trials: readonly Trial[];
}
