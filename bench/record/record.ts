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
const pssBytes = count.nullable().default(null);

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
  /** Memory at the end, pages that are shared counted by share (Pss); null: of a thread, or not readable. */
  pssBytes,
});

/** A process that only accepts, hands over or waits. */
export const Parent = z.object({ pid: count, cpu: Cpu, switches: Switches, pssBytes });

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
export const Load = z.object({
  clients: count,
  connections: count,
  bytes: count,
  /** What each client waits between two connections, in milliseconds. */
  think: count.default(0),
});

/** CPU of a server as another account has it, between the same two moments. */
export const Check = z.object({
  /** Where it comes from: the CPU accounting of a cgroup, or the scheduler's statistics of processes. */
  source: z.enum(["cgroup v1", "cgroup v2", "schedstat"]),
  cpuSeconds: seconds,
  /** (ours − theirs) ÷ theirs; null where theirs is 0. */
  difference: z.number().nullable(),
  /** Whether they differ by 2 % at most; null below 0.1 s, which is too little to tell. */
  agrees: z.boolean().nullable(),
});

/** What else went on while the clients were at work. Null: could not be read. */
export const Machine = z.object({
  /** How long that was. */
  seconds,
  /** Load average of a minute, before the trial. */
  loadAverage: seconds.nullable(),
  /** What all processors were busy with, whoever it was. Counted in ticks of 10 ms. */
  busySeconds: seconds.nullable(),
  /** What the hypervisor gave to others. */
  stealSeconds: seconds.nullable(),
});

/** One trial: one design under one load, once. Figures are null where the trial failed before it had them. */
export const Trial = z.object({
  round: count,
  /** Position within the round, from 0. */
  position: count,
  design: z.string(),
  /** Failed: it lost something. DNF: it did not finish within its limits. */
  status: z.enum(["ok", "failed", "dnf"]),
  /** Why it does not count. */
  reason: z.string().nullable(),
  startedAt: z.iso.datetime(),
  load: Load,
  /** Children a pool was to have; null in a record from before sweeps. */
  poolSize: count.nullable().default(null),
  /** Of everything that serves: parent and children. */
  cpu: Cpu.nullable(),
  switches: Switches.nullable(),
  /** Memory of everything that serves, as the children's. */
  pssBytes,
  check: Check.nullable().default(null),
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
  machine: Machine.nullable().default(null),
});

/** What a run may vary from trial to trial. */
export const Parameter = z.enum(["children", "clients", "bytes", "think"]);

/** What a sweep varies, and the values it takes. */
export const Sweep = z.object({ parameter: Parameter, values: z.array(count) });

/** Processors that server and client are confined to; null: none. */
export const Pin = z.object({
  server: z.array(count).nullable(),
  client: z.array(count).nullable(),
});

/** How long the steps of a trial may take, and all trials of a design together, in seconds. */
export const Limits = z.object({
  /** From the start of a server, or a load, until it is ready. */
  start: count,
  /** A connection that stands still. */
  request: count,
  /** The whole load. */
  run: count,
  /** The end of a server. */
  stop: count,
  /**
   * All loads of a design, in a sweep at one value: after that it joins no further rounds; 0: always. The
   * default is that of a record from before there was such a limit.
   */
  design: count.default(0),
});

/** The limits of a run where nothing else is said. */
export const LIMITS: z.infer<typeof Limits> = {
  start: 30,
  request: 10,
  run: 600,
  stop: 30,
  design: 45,
};

/** What is run, and in which order. */
export const Plan = z.object({
  designs: z.array(z.string()),
  rounds: count,
  seed: count,
  clients: count,
  connections: count,
  bytes: count,
  children: count,
  think: count.default(0),
  /** Null: nothing is varied. */
  sweep: Sweep.nullable().default(null),
  /** Whether server and client each have a process session of their own (setsid(2)), or share bench's. */
  sessions: z.enum(["separate", "same"]),
  pin: Pin.default({ server: null, client: null }),
  /** Whether everything runs in a network namespace of its own. */
  netns: z.boolean().default(false),
  /** Whether servers are reached locally: over Unix-domain sockets, or over a transport of their own. */
  local: z.boolean().default(false),
  limits: Limits.default({ ...LIMITS, design: 0 }),
  /** Every planned trial, in order; in the end without those that a design's limit has left out. */
  trials: z.array(z.object({
    round: count,
    /** Position within the round, from 0. */
    position: count,
    design: z.string(),
    load: Load,
    /** Children a pool is to have. */
    poolSize: count.nullable().default(null),
  })),
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
  /** How the processors' clocks are governed. */
  governor: z.string().nullable().default(null),
  /** What the kernel does against flaws of the processor, by flaw. */
  mitigations: z.record(z.string(), z.string()).nullable().default(null),
  /** Load averages of 1, 5 and 15 minutes when the run started. */
  loadAverage: z.array(seconds).nullable().default(null),
  /** Share of the last 10 s in which something waited for a processor, in percent (PSI, "some"). */
  cpuPressurePercent: seconds.nullable().default(null),
  deno: z.string(),
  v8: z.string(),
  commit: z.string().nullable(),
  /** Whether fork(2) works here, and what its proof took. */
  fork: z.object({ works: z.boolean(), attempts: count, reason: z.string().nullable() }),
});

/** System calls of one extra trial of a design, which was traced and therefore not measured. */
export const Trace = z.object({
  design: z.string(),
  /** Connections that were served meanwhile. */
  connections: count,
  /** By name. Errors include what is none to the server, such as EAGAIN. */
  syscalls: z.record(z.string(), z.object({ calls: count, errors: count })),
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
  traces: z.array(Trace).default([]),
});

export type Cpu = z.infer<typeof Cpu>;
export type Switches = z.infer<typeof Switches>;
export type Child = z.infer<typeof Child>;
export type Parent = z.infer<typeof Parent>;
export type Client = z.infer<typeof Client>;
export type Load = z.infer<typeof Load>;
export type Check = z.infer<typeof Check>;
export type Machine = z.infer<typeof Machine>;
export type Parameter = z.infer<typeof Parameter>;
export type Sweep = z.infer<typeof Sweep>;
export type Limits = z.infer<typeof Limits>;
export type Trial = z.infer<typeof Trial>;
export type Plan = z.infer<typeof Plan>;
export type Trace = z.infer<typeof Trace>;
export type Environment = z.infer<typeof Environment>;
export type Run = z.infer<typeof Run>;

/** A run as recorded. */
export interface Recorded {
  readonly run: Run;
  readonly trials: readonly Trial[];
}
