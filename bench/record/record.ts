/**
 * The record of a run: `run.json` (the plan and the machine) and `trials.jsonl` (one line for each trial).
 * Everything else in the folder of a run is a pure function of these two.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import { Plan } from "./plan.ts";
import { count, design, seconds, TIME, time, Workers } from "./trial.ts";

export {
  Check,
  Child,
  Client,
  Cpu,
  Events,
  Load,
  Machine,
  Memory,
  Parent,
  Preparation,
  Shortages,
  Switches,
  Trial,
  Way,
  Workers,
} from "./trial.ts";
export type { Recorded } from "./types.ts";
export { Arrivals, LIMITS, Limits, Parameter, Plan, Sweep } from "./plan.ts";

/** Raised when a field changes its meaning. Readers refuse versions they do not know. */
export const SCHEMA_VERSION = 1;

const Fork = z.object({
  works: z.boolean().describe("Whether it works"),
  attempts: count.describe("Attempts made"),
  reason: z.string().nullable().describe("Why not; null if it works"),
}).meta({ id: "Fork", description: "Whether fork(2) works here." });

const Quota = z.object({
  processors: z.number().positive().describe("Processors: 0.5 is half the time of one"),
  file: z.string().describe("File that sets it: cpu.max, or cpu.cfs_quota_us of cgroup v1"),
}).meta({ id: "Quota", description: "The least CPU quota of the cgroups that Herd ran in." });

export const Environment = z.object({
  system: z.string().describe("Operating system"),
  kernel: z.string().describe("Kernel release"),
  architecture: z.string().describe("Architecture of the processor"),
  libc: z.string().nullable().describe("C library and its version"),
  cpu: z.string().nullable().describe("Model of the processor"),
  processors: count.describe("Processors that Herd may use: its affinity, within its cpuset"),
  cpuset: z.string().nullable().default(null).describe(
    "Which they are, a list such as 0-3,8 (cpuset(7)); null in old records",
  ),
  online: count.nullable().default(null).describe("Processors online; null in old records"),
  quota: Quota.nullable().default(null).describe(
    "CPU quota; null if there is none, and in old records",
  ),
  timeWaitLimit: count.nullable().default(null).describe(
    "Most connections in TIME_WAIT (net.ipv4.tcp_max_tw_buckets); null in old records",
  ),
  backlogLimit: count.nullable().default(null).describe(
    "Most connections that wait for accept at a listener (net.core.somaxconn); null in old records",
  ),
  memoryBytes: count.nullable().describe("Memory in bytes"),
  autogroup: z.boolean().nullable().describe(
    "Whether the scheduler groups processes by session (sched_autogroup_enabled)",
  ),
  governor: z.string().nullable().default(null).describe("Frequency governor of the processors"),
  mitigations: z.record(z.string(), z.string()).nullable().default(null)
    .describe("Mitigations of processor flaws in the kernel, by flaw"),
  loadAverage: z.array(seconds).nullable().default(null)
    .describe("Load averages of 1, 5 and 15 minutes at the start of the run"),
  cpuPressurePercent: seconds.nullable().default(null)
    .describe("Share of the last 10 s in which some task waited for a processor (PSI)"),
  uncounted: z.record(z.string(), z.string()).nullable().default(null).describe(
    "Events that could not be counted (perf_event_open(2)), by name, and why; null in old records",
  ),
  irqTimeAccounting: z.boolean().nullable().default(null).describe(
    "Whether the kernel counts the time of interrupts apart (IRQ_TIME_ACCOUNTING); false: it is in the CPU time of " +
      "whoever was interrupted; null: unknown, and in old records",
  ),
  lockFileSystem: z.string().nullable().default(null).describe(
    "File system that the lock file of prefork-file-lock lies on (TMPDIR, or /tmp), such as ext4 or tmpfs; " +
      "memfd: a file in memory; null in old records",
  ),
  loopback: z.enum(["127.0.0.1", "::1"]).nullable().default("127.0.0.1").describe(
    "Loopback address that servers listened on: ::1 where there is no IPv4; null: there is none",
  ),
  deno: z.string().describe("Version of Deno"),
  v8: z.string().describe("Version of V8"),
  commit: z.string().nullable().describe("Commit of Herd, if it is a git checkout"),
  dirty: z.boolean().nullable().default(null)
    .describe("Whether its files differ from that commit"),
  fork: Fork.describe("Whether fork(2) works here, and how that was found"),
}).meta({
  id: "Environment",
  description: "Where it was measured. Null if it could not be read.",
});

const Syscall = z.object({
  calls: count.describe("Calls"),
  errors: count.describe("Failed calls, EAGAIN included"),
}).meta({ id: "Syscall", description: "How often a system call was made." });

export const Trace = z.object({
  design: design.describe("Id of the design"),
  connections: count.describe("Connections served during the trace"),
  syscalls: z.record(z.string(), Syscall).describe("System calls by name"),
}).meta({
  id: "Trace",
  description: "System calls of an extra trial, which was traced and not measured.",
});

const RunWorkers = Workers.extend({
  design: design.describe("Name of the external server"),
  connections: count.describe("Connections made"),
}).meta({
  id: "RunWorkers",
  description:
    "Connections of each worker of an external server in an extra trial, in which each was looked up and nothing " +
    "was measured.",
});

const RunHost = z.object({
  host: z.string().describe("Its name"),
  part: z.enum(["clients", "server"]).describe("What ran on it"),
  environment: Environment.describe("What it is"),
}).meta({ id: "RunHost", description: "Another machine that took part." });

export const Run = z.object({
  schema: z.literal(SCHEMA_VERSION).describe(
    `Version of this schema: ${SCHEMA_VERSION}; raised when a field changes its meaning`,
  ),
  herd: z.string().describe("Version of Herd"),
  name: z.string().nullable().default(null).describe("Name that the run was given; null: none"),
  startedAt: time.describe(TIME),
  endedAt: time.nullable().describe(`${TIME}; null if the run is under way, or was killed`),
  complete: z.boolean().describe("Whether every planned trial is in trials.jsonl"),
  plan: Plan.describe("What is run"),
  environment: Environment.describe("Where"),
  hosts: z.array(RunHost).default([]).describe("The other machines that took part"),
  traces: z.array(Trace).default([]).describe(
    "System calls of each design, if they were traced",
  ),
  workers: z.array(RunWorkers).default([]).describe(
    "Workers of external servers, if they were looked up in extra trials",
  ),
}).meta({ title: "Run", description: "run.json: what was planned, on which machine." });

export type Trace = z.infer<typeof Trace>;
export type Environment = z.infer<typeof Environment>;
export type Run = z.infer<typeof Run>;
