/**
 * A trial in a record: one line of `trials.jsonl`. Times are in seconds, sizes in bytes. The JSON Schemas have
 * the same descriptions.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";

export const count = z.int().nonnegative();
/** At most thirty years, also where it is a rate: more would overflow in sums and scales. */
export const seconds = z.number().nonnegative().max(1e9);
export const mean = z.number().nonnegative().max(1e9);
export const time = z.iso.datetime();

export const TIME = "Time in UTC, ISO 8601";
/** An id from any version of Herd; none that is a property of every object of JavaScript. */
export const design = z.string().regex(
  /^(?!constructor$)[a-z][a-z0-9-]*$/,
  "must be the id of a design, of small letters, digits and hyphens",
);
export const poolSize = count.nullable().default(null)
  .describe("Size of the pool; null for the baseline, and in old records");

export const Memory = z.object({
  peakBytes: count.describe("The most of all samples, in bytes"),
  meanBytes: count.describe("Mean of the samples, in bytes"),
  samples: count.describe(
    "Samples; 0: the load was too short for one, and the memory is that just before it",
  ),
}).meta({
  id: "Memory",
  description: "Memory of parent and children during the load, shared pages by share (Pss).",
});

const pssBytes = count.nullable().default(null).describe(
  "Memory in bytes at the end, shared pages by share (Pss); null for a thread, or if unreadable",
);

export const Cpu = z.object({
  user: seconds.describe("User time in seconds; counted in ticks, so only indicative"),
  system: seconds.describe("System time in seconds; counted in ticks, so only indicative"),
  total: seconds.describe(
    "Total in seconds, exact; it may differ a little from the sum of the two",
  ),
}).meta({ id: "Cpu", description: "CPU time in seconds." });

export const Switches = z.object({
  voluntary: count.describe("Switches because it waited (ru_nvcsw)"),
  involuntary: count.describe(
    "Switches because its time slice was used up, or another task had priority (ru_nivcsw)",
  ),
}).meta({ id: "Switches", description: "Context switches, see getrusage(2)." });

const name = z.string().nullable().default(null).describe(
  "Name of a process of an external server; null for a design, and for processes that have ended",
);

const Threads = z.object({
  name: z.string().describe("Name that they have"),
  count: count.describe("How many they are"),
  cpuSeconds: seconds.describe("CPU time of all, in seconds, without threads that have ended"),
}).meta({ id: "Threads", description: "The threads of a process that have the same name." });

const threads = z.array(Threads).nullable().default(null).describe(
  "Threads of a process of an external server that has several; else null",
);

export const Child = z.object({
  index: count.describe("Index in the pool, from 0"),
  pid: count.nullable().describe(
    "Process id of the child alive at the end; null if one entry stands for all children, or for all that ended",
  ),
  name,
  connections: count.nullable().describe(
    "Connections served; null for an external server, and for Deno.serve: not known",
  ),
  requests: count.nullable().default(null).describe(
    "Requests served on all of them; null in old records, and for an external server",
  ),
  given: count.describe("Connections that the parent passed to it; 0 if it passes none"),
  emptyAccepts: count.nullable().default(null).describe(
    "Calls of accept that found no connection, where children wait before it; null in old records",
  ),
  rejected: count.describe("Connections closed because the service refused a request"),
  lost: count.describe("Children with this index that died"),
  cpu: Cpu.describe("CPU time of this child"),
  switches: Switches.nullable().describe(
    "Context switches of this child; null for processes of an external server that have ended, or whose threads have",
  ),
  threads,
  pssBytes,
}).meta({ id: "Child", description: "What one child did and used between mark and stop." });

export const Parent = z.object({
  pid: count.describe("Process id"),
  name,
  cpu: Cpu.describe("CPU time of the parent"),
  switches: Switches.nullable().describe("Context switches of the parent"),
  threads,
  pssBytes,
}).meta({ id: "Parent", description: "A process that only accepts, hands over or waits." });

const Latency = z.object({
  p50: seconds.describe("Median, in seconds"),
  p90: seconds.nullable().default(null).describe(
    "90th percentile, in seconds; null in old records",
  ),
  p99: seconds.describe("99th percentile, in seconds"),
  p999: seconds.nullable().default(null).describe(
    "99.9th percentile, in seconds; null in old records",
  ),
  max: seconds.describe("Maximum, in seconds"),
  histogram: z.string().max(1_000_000).describe(
    "HdrHistogram of microseconds, V2 compressed, base64",
  ),
}).meta({
  id: "Latency",
  description:
    "Seconds from connect, or from the reply before on the same connection, to the end of a reply; at a rate " +
    "from when the request was due.",
});

const OpenLoop = z.object({
  startedPerSecond: seconds.describe("Requests started a second, until the last one"),
  late: count.describe("Requests started more than 10 ms after they were due"),
  unsent: count.describe("Requests that were due before the end and not started"),
  mostOpen: count.describe("Connections open at the same time, at most"),
}).meta({ id: "OpenLoop", description: "Requests at a rate, due whatever the server answers." });

const HostLoad = z.object({
  host: z.string().describe("Its name"),
  clients: count.describe("Clients on it"),
  connections: count.describe("Connections on which every request was answered in full"),
  requests: count.nullable().describe("Requests answered in full"),
  errors: z.record(z.string(), count).describe("Failed connections by kind"),
  wallSeconds: seconds.describe("Seconds from its first client's start to the end of its last"),
  cpu: Cpu.describe("CPU time of its clients"),
  latency: Latency.describe("How long its requests took"),
  offsetSeconds: z.number().describe("Seconds that its monotonic clock is ahead of Herd's"),
  offsetBoundSeconds: seconds.describe("The most that this can be wrong: half of a round trip"),
  skewSeconds: seconds.describe(
    "Seconds by which its first client started after that of the first host",
  ),
}).meta({ id: "HostLoad", description: "The part of one host in a load." });

/** The most intervals of a series. */
const INTERVALS = 512;

export const Series = z.object({
  intervalMilliseconds: count.min(1).describe(
    "Length of an interval in milliseconds: 100, or more where that would be too many",
  ),
  requests: z.array(count).max(INTERVALS).describe(
    "Requests answered in each interval, from the start of the load",
  ),
  p99Microseconds: z.array(count).max(INTERVALS).describe(
    "99th percentile of their latency, the longest of fewer than 100, at most an eighth too high; 0 of none",
  ),
}).meta({ id: "Series", description: "What all clients together saw over the time of the load." });

export const Client = z.object({
  making: z.enum(["fork", "worker"]).default("fork").describe(
    "How the clients were made: forked processes, or Workers (threads) where fork does not work",
  ),
  connections: count.describe("Connections on which every request was answered in full"),
  requests: count.nullable().default(null).describe(
    "Requests answered in full; null in old records, with one a connection",
  ),
  errors: z.record(z.string(), count).describe(
    "Failed connections by kind: a name of errno(3), or words",
  ),
  wallSeconds: seconds.describe(
    "Seconds from the start of the first client to the end of the last",
  ),
  connectionsPerSecond: seconds.describe("Connections answered in full per second of wall time"),
  openLoop: OpenLoop.nullable().default(null).describe(
    "What became of a rate; null: each client waited for its replies, and in old records",
  ),
  cpu: Cpu.describe("CPU time of all clients, of processes or of threads"),
  latency: Latency.describe("How long a request took"),
  hosts: z.array(HostLoad).nullable().default(null).describe(
    "The part of each host; null: the clients were on Herd's machine, as in old records",
  ),
  series: Series.nullable().default(null).describe(
    "What they saw over the time of the load; null in old records",
  ),
}).meta({ id: "Client", description: "What all clients together saw." });

export const Load = z.object({
  clients: count.describe("Clients at the same time"),
  connections: count.describe(
    "Connections each client makes, one after the other; with a duration, those that sums are scaled to",
  ),
  duration: count.default(0).describe(
    "Seconds for which clients make connections; 0: a number of them",
  ),
  requests: count.default(1).describe("Requests on each connection, one after the other"),
  bytes: count.describe("Bytes of each request"),
  think: count.default(0).describe("Milliseconds a client waits between two connections"),
  rate: count.default(0).describe(
    "Requests a second of all clients, due whatever the server answers; 0: each waits for its replies",
  ),
  work: mean.default(0).describe("Microseconds of CPU time of each request, on average"),
  wait: mean.default(0).describe("Milliseconds that each request waits in the server, on average"),
}).meta({ id: "Load", description: "The load of one trial." });

export const Check = z.object({
  source: z.enum(["cgroup v1", "cgroup v2", "schedstat"]).describe(
    "CPU accounting of a cgroup of its own, or the scheduler's statistics of processes",
  ),
  cpuSeconds: seconds.describe("Seconds, between the same two moments"),
  difference: z.number().nullable().describe(
    "(cpu.total − cpuSeconds) ÷ cpuSeconds; null if that is 0",
  ),
  agrees: z.boolean().nullable().describe("Whether they differ by at most 2 %; null below 0.1 s"),
}).meta({ id: "Check", description: "CPU time of the server by a second account." });

export const Machine = z.object({
  seconds: seconds.describe("Duration of the load"),
  loadAverage: seconds.nullable().describe("Load average of a minute, before the trial"),
  processors: count.nullable().default(null).describe(
    "Processors that the two times below are of: those the trial may use; null in old records: all",
  ),
  busySeconds: seconds.nullable().describe("CPU time of everything there; in steps of 10 ms"),
  stealSeconds: seconds.nullable().describe(
    "CPU time the hypervisor gave to other guests; in steps of 10 ms",
  ),
  ownSeconds: seconds.nullable().default(null).describe(
    "CPU time of Herd's own programs beside server and clients; null in old records",
  ),
  softirqSeconds: seconds.nullable().default(null).describe(
    "CPU time of software interrupts there, of the network above all; in steps of 10 ms; null in old records",
  ),
  throttledSeconds: seconds.nullable().default(null).describe(
    "Time for which CPU quotas stopped processes, summed over processors; null if there is no quota",
  ),
  suspendedSeconds: seconds.nullable().default(null).describe(
    "Time for which the machine was suspended or a program stopped, in steps of 0.5 s; null in old records",
  ),
}).meta({
  id: "Machine",
  description: "What the machine did during the load. Null if it could not be read.",
});

const counted = (what: string) =>
  count.nullable().describe(`${what}; null: cannot be counted here`);

export const Events = z.object({
  instructions: counted("Instructions of the processor, in user and kernel mode"),
  cycles: counted("Cycles of the processor"),
  pageFaults: counted("Page faults"),
  migrations: counted("Moves to another processor"),
}).meta({
  id: "Events",
  description:
    "What the processor and the kernel counted of parent and children between mark and stop (perf_event_open(2)).",
});

/** What the kernel of the network namespace counts. */
const unread = (what: string) =>
  count.nullable().default(null).describe(`${what}; null if unreadable, and in old records`);

const Kernel = z.object({
  passiveOpens: count.nullable().describe(
    "Connections the network namespace accepted (PassiveOpens); null if unreadable",
  ),
  otherTraffic: count.nullable().describe("Those that were not ours"),
  listenOverflows: unread(
    "Attempts to connect that it dropped since the backlog of a listener was full (ListenOverflows)",
  ),
  listenDrops: unread("Attempts to connect that it dropped for any reason (ListenDrops)"),
  retransmittedSegments: unread("TCP segments it sent again (RetransSegs)"),
  conntrackDrops: unread(
    "Packets it dropped since its table of connections had no room (drop of nf_conntrack)",
  ),
}).meta({ id: "Kernel", description: "What the kernel counted during the load." });

export const Preparation = z.object({
  rebased: z.boolean().describe("Whether its memory was replaced by a mapping of a copy"),
  reason: z.string().nullable().describe("Why not; null if it was"),
}).meta({
  id: "Preparation",
  description: "What a server process did before it forked for clients, so that forks cost less.",
});

export const Shortages = z.object({
  count: count.describe("Calls that failed, each tried again some 10 ms later"),
  first: z.string().max(100).nullable().describe(
    "Error of the first of them, a name of errno(3); null if there was none",
  ),
}).meta({
  id: "Shortages",
  description:
    "How often a server could not go on for lack of processes, descriptors or memory, and tried again.",
});

/** The ways in which the connections of each worker of an external server are counted, in the order tried. */
export const Way = z.enum(["trace", "header", "sockets"]);

const Worker = z.object({
  pid: count.nullable().describe(
    "Process id; null if it is not known, or if the entry stands for all processes that ended",
  ),
  name: z.string().nullable().describe(
    "Name of the process, or what its replies say; null for processes that ended",
  ),
  connections: count.describe("Connections that it served"),
}).meta({ id: "Worker", description: "A process of an external server that serves connections." });

export const Workers = z.object({
  by: Way.describe(
    "How they were counted: trace, by the kernel's tracepoint of connections that end; header, by what each reply " +
      "says; sockets, by looking up from outside who holds the socket of each",
  ),
  workers: z.array(Worker).describe("The workers; their connections add up to those made"),
}).meta({ id: "Workers", description: "Connections of each worker of an external server." });

export const Trial = z.object({
  round: count.describe("Round, from 1"),
  position: count.describe("Position within the round, from 0"),
  design: design.describe("Id of the design"),
  status: z.enum(["ok", "failed", "dnf"]).describe(
    "Whether it counts; dnf: it did not finish within its limits",
  ),
  reason: z.string().nullable().describe("Why it does not count; null if it does"),
  startedAt: time.describe(TIME),
  seconds: seconds.nullable().default(null).describe(
    "Duration of the whole trial, start and end of the programs included; null in old records",
  ),
  load: Load.describe("Load it was given"),
  poolSize,
  cpu: Cpu.nullable().describe(
    "CPU time of parent and children; null if it failed before there was any",
  ),
  switches: Switches.nullable().describe(
    "Context switches of parent and children; null as for cpu, and if processes or threads of an external server ended",
  ),
  pssBytes,
  memory: Memory.nullable().default(null).describe(
    "Memory of parent and children during the load; null if unreadable, and in old records",
  ),
  check: Check.nullable().default(null).describe(
    "A second account of the CPU time; null if there is none",
  ),
  events: Events.nullable().default(null).describe(
    "Events of parent and children; null if it failed before, and in old records",
  ),
  preparation: Preparation.nullable().default(null).describe(
    "How forks were made cheaper; null in designs that do not fork for each client, and in old records",
  ),
  shortages: Shortages.nullable().default(null).describe(
    "How often the server lacked something; null if it failed before, and in old records",
  ),
  parent: Parent.nullable().describe("The parent; null if the process that accepts also serves"),
  children: z.array(Child).describe(
    "The children by index; one entry for all if each client has its own child",
  ),
  workers: z.array(Workers).nullable().default(null).describe(
    "Connections of each worker of an external server, by each way that worked; null in a design, and in old records",
  ),
  client: Client.nullable().describe("What the clients saw; null if it failed before that"),
  kernel: Kernel.describe("What the kernel counted during the load"),
  machine: Machine.nullable().default(null).describe("What the machine did during the load"),
}).meta({
  title: "Trial",
  description: "One line of trials.jsonl: one design under one load, once.",
});

export type Cpu = z.infer<typeof Cpu>;
export type Switches = z.infer<typeof Switches>;
export type Child = z.infer<typeof Child>;
export type Parent = z.infer<typeof Parent>;
export type Client = z.infer<typeof Client>;
export type Load = z.infer<typeof Load>;
export type Check = z.infer<typeof Check>;
export type Machine = z.infer<typeof Machine>;
export type Way = z.infer<typeof Way>;
export type Workers = z.infer<typeof Workers>;
export type Trial = z.infer<typeof Trial>;
