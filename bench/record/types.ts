/**
 * The types of a record. Written by `deno task schema`.
 *
 * @module
 */

/** A server that knows nothing of Herd. */
export interface External {
  /** Its name in tables, of small letters, digits and hyphens. */
  name: string;
  /** The program and its arguments; {port}, {dir}, {workers} and {bytes} are filled in. */
  command: string[];
  /** Variables of its environment, beside those of Herd; {port}, {dir}, {workers} and {bytes} are filled in. */
  environment: Record<string, string>;
  /** Its working directory. */
  folder: string;
  /** What it speaks. */
  service: "bytes" | "http";
  /** Target of HTTP requests, such as /index.html; null: /bytes/N. */
  target: string | null;
  /** Text that it prints once it is ready, beside its listening port; null: none. */
  readiness: string | null;
  /** Signal that ends it, without SIG. */
  stopSignal: "TERM" | "INT" | "QUIT" | "HUP" | "USR1" | "USR2" | "WINCH";
  /** What {workers} stands for; null: the children of a pool. */
  workers: number | null;
  /** Text of the files written into {dir}, by path; {port}, {dir}, {workers} and {bytes} are filled in. */
  files: Record<string, string>;
  /** Whether other users may read {dir}, as a server needs that gives up root; else only its own user. */
  shared: boolean;
}

/** What a run varies from trial to trial. */
export interface Sweep {
  /** What is varied; more clients share the same connections. */
  parameter: "children" | "clients" | "bytes" | "think" | "rate" | "work" | "wait";
  /** Its values. */
  values: number[];
}

/** Processors that server and client are confined to. */
export interface Pin {
  /** Processors of the server; null: any. */
  server: number[] | null;
  /** Processors of the clients; null: any. */
  client: number[] | null;
}

/** Other machines that take part. */
export interface PlanHosts {
  /** Program that reaches them, and its options: ssh, clush or srun. */
  via: string;
  /** Hosts of the clients; none: Herd's own machine. */
  clients: string[];
  /** Host of the server; null: Herd's own machine. */
  server: string | null;
  /** Name or address of the server's host, where it listens. */
  address: string;
}

/** How long the steps of a trial may take, in seconds. */
export interface Limits {
  /** Start of a server, or a load, until it is ready. */
  start: number;
  /** A connection without progress. */
  request: number;
  /** The whole load, which then makes no further connections. */
  run: number;
  /** End of a server. */
  stop: number;
  /** The whole run, which leaves out rounds that would take longer; 0: no limit. */
  budget: number;
}

/** A trial as planned. */
export interface Planned {
  /** Round, from 1. */
  round: number;
  /** Position within the round, from 0. */
  position: number;
  /** Id of the design, or name of the external server. */
  design: string;
  /** Load it is given. */
  load: Load;
  /** Size of the pool; null for the baseline, and in old records. */
  poolSize: number | null;
}

/** The load of one trial. */
export interface Load {
  /** Clients at the same time. */
  clients: number;
  /** Connections each client makes, one after the other; with a duration, those that sums are scaled to. */
  connections: number;
  /** Seconds for which clients make connections; 0: a number of them. */
  duration: number;
  /** Requests on each connection, one after the other. */
  requests: number;
  /** Bytes of each request. */
  bytes: number;
  /** Milliseconds a client waits between two connections. */
  think: number;
  /** Requests a second of all clients, due whatever the server answers; 0: each waits for its replies. */
  rate: number;
  /** Microseconds of CPU time of each request, on average. */
  work: number;
  /** Milliseconds that each request waits in the server, on average. */
  wait: number;
}

/** What is run, and in which order. */
export interface Plan {
  /** Ids of the designs, in the order of the registry, and names of the external servers. */
  designs: string[];
  /** Servers that are programs of others. */
  externals: External[];
  /** How connections of their workers are counted; none: by the first way that works. */
  workersBy: ("trace" | "header" | "sockets")[];
  /** Header of replies that names the worker, or a pattern between slashes; null: none. */
  workerHeader: string | null;
  /** Rounds; each runs every design once. Within a budget, the most: at the end those run. */
  rounds: number;
  /** Seed of the random order within each round. */
  seed: number;
  /** Clients at the same time; one for the baseline. */
  clients: number;
  /** Connections each client makes; the baseline's one client makes all of them. */
  connections: number;
  /** Seconds for which clients make connections, and sums are scaled to that number of them; 0: no duration. */
  duration: number;
  /** What is done for a client: the book's service, or HTTP. */
  service: "bytes" | "http";
  /** Requests on each connection, one after the other. */
  requests: number;
  /** Bytes of each request. */
  bytes: number;
  /** Children of a pool. */
  children: number;
  /** How the kernel deals connections to several listening sockets on a port, in designs that have them. */
  steer: "hash" | "cpu" | "random";
  /** Which free child a parent passes a connection to, in designs that pass them. */
  policy: "lowest-free" | "round-robin" | "least-connections";
  /** Milliseconds a client waits between two connections; the baseline's does not wait. */
  think: number;
  /** Requests a second, due whatever the server answers, on as many connections at a time as there are clients; 0: each client waits for its replies, as the baseline's always does. */
  rate: number;
  /** When they are due: as in a Poisson process whose seed is the run's plus the round, or evenly. */
  arrivals: "poisson" | "even";
  /** Milliseconds that p99 is to stay below in a sweep over rates; null: not said. */
  p99: number | null;
  /** Microseconds of CPU time of each request, on average. */
  work: number;
  /** How these are distributed over the requests. */
  workDistribution: "fixed" | "exponential";
  /** Milliseconds that each request waits in the server, on average. */
  wait: number;
  /** How these are distributed over the requests. */
  waitDistribution: "fixed" | "exponential";
  /** What is varied from trial to trial; null: nothing. */
  sweep: Sweep | null;
  /** Whether server and client have process sessions of their own, see setsid(2). */
  sessions: "separate" | "same";
  /** Whether instructions, cycles, page faults and migrations of servers are counted; auto: where instructions can be. */
  counters: "auto" | "always" | "never";
  /** Processors that server and client are confined to. */
  pin: Pin;
  /** Whether everything runs in a network namespace of its own. */
  netns: boolean;
  /** Whether servers are reached over Unix-domain sockets, or a local transport of their own. */
  local: boolean;
  /** Whether servers listen on ::1, where there is IPv4, too. */
  ipv6: boolean;
  /** Other machines that take part; null: none. */
  hosts: PlanHosts | null;
  /** How long the steps of a trial, and the whole run, may take. */
  limits: Limits;
  /** Every planned trial, in order; at the end without those that limits.budget left out. */
  trials: Planned[];
}

/** The least CPU quota of the cgroups that Herd ran in. */
export interface Quota {
  /** Processors: 0.5 is half the time of one. */
  processors: number;
  /** File that sets it: cpu.max, or cpu.cfs_quota_us of cgroup v1. */
  file: string;
}

/** Whether fork(2) works here. */
export interface Fork {
  /** Whether it works. */
  works: boolean;
  /** Attempts made. */
  attempts: number;
  /** Why not; null if it works. */
  reason: string | null;
}

/** Where it was measured. Null if it could not be read. */
export interface Environment {
  /** Operating system. */
  system: string;
  /** Kernel release. */
  kernel: string;
  /** Architecture of the processor. */
  architecture: string;
  /** C library and its version. */
  libc: string | null;
  /** Model of the processor. */
  cpu: string | null;
  /** Processors that Herd may use: its affinity, within its cpuset. */
  processors: number;
  /** Which they are, a list such as 0-3,8 (cpuset(7)); null in old records. */
  cpuset: string | null;
  /** Processors online; null in old records. */
  online: number | null;
  /** CPU quota; null if there is none, and in old records. */
  quota: Quota | null;
  /** Most connections in TIME_WAIT (net.ipv4.tcp_max_tw_buckets); null in old records. */
  timeWaitLimit: number | null;
  /** Most connections that wait for accept at a listener (net.core.somaxconn); null in old records. */
  backlogLimit: number | null;
  /** Memory in bytes. */
  memoryBytes: number | null;
  /** Whether the scheduler groups processes by session (sched_autogroup_enabled). */
  autogroup: boolean | null;
  /** Frequency governor of the processors. */
  governor: string | null;
  /** Mitigations of processor flaws in the kernel, by flaw. */
  mitigations: Record<string, string> | null;
  /** Load averages of 1, 5 and 15 minutes at the start of the run. */
  loadAverage: number[] | null;
  /** Share of the last 10 s in which some task waited for a processor (PSI). */
  cpuPressurePercent: number | null;
  /** Events that could not be counted (perf_event_open(2)), by name, and why; null in old records. */
  uncounted: Record<string, string> | null;
  /** Whether the kernel counts the time of interrupts apart (IRQ_TIME_ACCOUNTING); false: it is in the CPU time of whoever was interrupted; null: unknown, and in old records. */
  irqTimeAccounting: boolean | null;
  /** File system that the lock file of prefork-file-lock lies on (TMPDIR, or /tmp), such as ext4 or tmpfs; memfd: a file in memory; null in old records. */
  lockFileSystem: string | null;
  /** Loopback address that servers listened on: ::1 where there is no IPv4; null: there is none. */
  loopback: "127.0.0.1" | "::1" | null;
  /** Version of Deno. */
  deno: string;
  /** Version of V8. */
  v8: string;
  /** Commit of Herd, if it is a git checkout. */
  commit: string | null;
  /** Whether its files differ from that commit. */
  dirty: boolean | null;
  /** Whether fork(2) works here, and how that was found. */
  fork: Fork;
}

/** Another machine that took part. */
export interface RunHost {
  /** Its name. */
  host: string;
  /** What ran on it. */
  part: "clients" | "server";
  /** What it is. */
  environment: Environment;
}

/** System calls of an extra trial, which was traced and not measured. */
export interface Trace {
  /** Id of the design. */
  design: string;
  /** Connections served during the trace. */
  connections: number;
  /** System calls by name. */
  syscalls: Record<string, Syscall>;
}

/** How often a system call was made. */
export interface Syscall {
  /** Calls. */
  calls: number;
  /** Failed calls, EAGAIN included. */
  errors: number;
}

/** Connections of each worker of an external server in an extra trial, in which each was looked up and nothing was measured. */
export interface RunWorkers {
  /** How they were counted: trace, by the kernel's tracepoint of connections that end; header, by what each reply says; sockets, by looking up from outside who holds the socket of each. */
  by: "trace" | "header" | "sockets";
  /** The workers; their connections add up to those made. */
  workers: Worker[];
  /** Name of the external server. */
  design: string;
  /** Connections made. */
  connections: number;
}

/** A process of an external server that serves connections. */
export interface Worker {
  /** Process id; null if it is not known, or if the entry stands for all processes that ended. */
  pid: number | null;
  /** Name of the process, or what its replies say; null for processes that ended. */
  name: string | null;
  /** Connections that it served. */
  connections: number;
}

/** run.json: what was planned, on which machine. */
export interface Run {
  /** Version of this schema: 1; raised when a field changes its meaning. */
  schema: 1;
  /** Version of Herd. */
  herd: string;
  /** Name that the run was given; null: none. */
  name: string | null;
  /** Time in UTC, ISO 8601. */
  startedAt: string;
  /** Time in UTC, ISO 8601; null if the run is under way, or was killed. */
  endedAt: string | null;
  /** Whether every planned trial is in trials.jsonl. */
  complete: boolean;
  /** What is run. */
  plan: Plan;
  /** Where. */
  environment: Environment;
  /** The other machines that took part. */
  hosts: RunHost[];
  /** System calls of each design, if they were traced. */
  traces: Trace[];
  /** Workers of external servers, if they were looked up in extra trials. */
  workers: RunWorkers[];
}

/** CPU time in seconds. */
export interface Cpu {
  /** User time in seconds; counted in ticks, so only indicative. */
  user: number;
  /** System time in seconds; counted in ticks, so only indicative. */
  system: number;
  /** Total in seconds, exact; it may differ a little from the sum of the two. */
  total: number;
}

/** Context switches, see getrusage(2). */
export interface Switches {
  /** Switches because it waited (ru_nvcsw). */
  voluntary: number;
  /** Switches because its time slice was used up, or another task had priority (ru_nivcsw). */
  involuntary: number;
}

/** Memory of parent and children during the load, shared pages by share (Pss). */
export interface Memory {
  /** The most of all samples, in bytes. */
  peakBytes: number;
  /** Mean of the samples, in bytes. */
  meanBytes: number;
  /** Samples; 0: the load was too short for one, and the memory is that just before it. */
  samples: number;
}

/** CPU time of the server by a second account. */
export interface Check {
  /** CPU accounting of a cgroup of its own, or the scheduler's statistics of processes. */
  source: "cgroup v1" | "cgroup v2" | "schedstat";
  /** Seconds, between the same two moments. */
  cpuSeconds: number;
  /** (cpu.total − cpuSeconds) ÷ cpuSeconds; null if that is 0. */
  difference: number | null;
  /** Whether they differ by at most 2 %; null below 0.1 s. */
  agrees: boolean | null;
}

/** What the processor and the kernel counted of parent and children between mark and stop (perf_event_open(2)). */
export interface Events {
  /** Instructions of the processor, in user and kernel mode; null: cannot be counted here. */
  instructions: number | null;
  /** Cycles of the processor; null: cannot be counted here. */
  cycles: number | null;
  /** Page faults; null: cannot be counted here. */
  pageFaults: number | null;
  /** Moves to another processor; null: cannot be counted here. */
  migrations: number | null;
}

/** What a server process did before it forked for clients, so that forks cost less. */
export interface Preparation {
  /** Whether its memory was replaced by a mapping of a copy. */
  rebased: boolean;
  /** Why not; null if it was. */
  reason: string | null;
}

/** How often a server could not go on for lack of processes, descriptors or memory, and tried again. */
export interface Shortages {
  /** Calls that failed, each tried again some 10 ms later. */
  count: number;
  /** Error of the first of them, a name of errno(3); null if there was none. */
  first: string | null;
}

/** A process that only accepts, hands over or waits. */
export interface Parent {
  /** Process id. */
  pid: number;
  /** Name of a process of an external server; null for a design, and for processes that have ended. */
  name: string | null;
  /** CPU time of the parent. */
  cpu: Cpu;
  /** Context switches of the parent. */
  switches: Switches | null;
  /** Threads of a process of an external server that has several; else null. */
  threads: Threads[] | null;
  /** Memory in bytes at the end, shared pages by share (Pss); null for a thread, or if unreadable. */
  pssBytes: number | null;
}

/** The threads of a process that have the same name. */
export interface Threads {
  /** Name that they have. */
  name: string;
  /** How many they are. */
  count: number;
  /** CPU time of all, in seconds, without threads that have ended. */
  cpuSeconds: number;
}

/** What one child did and used between mark and stop. */
export interface Child {
  /** Index in the pool, from 0. */
  index: number;
  /** Process id of the child alive at the end; null if one entry stands for all children, or for all that ended. */
  pid: number | null;
  /** Name of a process of an external server; null for a design, and for processes that have ended. */
  name: string | null;
  /** Connections served; null for an external server, and for Deno.serve: not known. */
  connections: number | null;
  /** Requests served on all of them; null in old records, and for an external server. */
  requests: number | null;
  /** Connections that the parent passed to it; 0 if it passes none. */
  given: number;
  /** Calls of accept that found no connection, where children wait before it; null in old records. */
  emptyAccepts: number | null;
  /** Connections closed because the service refused a request. */
  rejected: number;
  /** Children with this index that died. */
  lost: number;
  /** CPU time of this child. */
  cpu: Cpu;
  /** Context switches of this child; null for processes of an external server that have ended, or whose threads have. */
  switches: Switches | null;
  /** Threads of a process of an external server that has several; else null. */
  threads: Threads[] | null;
  /** Memory in bytes at the end, shared pages by share (Pss); null for a thread, or if unreadable. */
  pssBytes: number | null;
}

/** Connections of each worker of an external server. */
export interface Workers {
  /** How they were counted: trace, by the kernel's tracepoint of connections that end; header, by what each reply says; sockets, by looking up from outside who holds the socket of each. */
  by: "trace" | "header" | "sockets";
  /** The workers; their connections add up to those made. */
  workers: Worker[];
}

/** What all clients together saw. */
export interface Client {
  /** How the clients were made: forked processes, or Workers (threads) where fork does not work. */
  making: "fork" | "worker";
  /** Connections on which every request was answered in full. */
  connections: number;
  /** Requests answered in full; null in old records, with one a connection. */
  requests: number | null;
  /** Failed connections by kind: a name of errno(3), or words. */
  errors: Record<string, number>;
  /** Seconds from the start of the first client to the end of the last. */
  wallSeconds: number;
  /** Connections answered in full per second of wall time. */
  connectionsPerSecond: number;
  /** What became of a rate; null: each client waited for its replies, and in old records. */
  openLoop: OpenLoop | null;
  /** CPU time of all clients, of processes or of threads. */
  cpu: Cpu;
  /** How long a request took. */
  latency: Latency;
  /** The part of each host; null: the clients were on Herd's machine, as in old records. */
  hosts: HostLoad[] | null;
  /** What they saw over the time of the load; null in old records. */
  series: Series | null;
}

/** Requests at a rate, due whatever the server answers. */
export interface OpenLoop {
  /** Requests started a second, until the last one. */
  startedPerSecond: number;
  /** Requests started more than 10 ms after they were due. */
  late: number;
  /** Requests that were due before the end and not started. */
  unsent: number;
  /** Connections open at the same time, at most. */
  mostOpen: number;
}

/** Seconds from connect, or from the reply before on the same connection, to the end of a reply; at a rate from when the request was due. */
export interface Latency {
  /** Median, in seconds. */
  p50: number;
  /** 90th percentile, in seconds; null in old records. */
  p90: number | null;
  /** 99th percentile, in seconds. */
  p99: number;
  /** 99.9th percentile, in seconds; null in old records. */
  p999: number | null;
  /** Maximum, in seconds. */
  max: number;
  /** HdrHistogram of microseconds, V2 compressed, base64. */
  histogram: string;
}

/** The part of one host in a load. */
export interface HostLoad {
  /** Its name. */
  host: string;
  /** Clients on it. */
  clients: number;
  /** Connections on which every request was answered in full. */
  connections: number;
  /** Requests answered in full. */
  requests: number | null;
  /** Failed connections by kind. */
  errors: Record<string, number>;
  /** Seconds from its first client's start to the end of its last. */
  wallSeconds: number;
  /** CPU time of its clients. */
  cpu: Cpu;
  /** How long its requests took. */
  latency: Latency;
  /** Seconds that its monotonic clock is ahead of Herd's. */
  offsetSeconds: number;
  /** The most that this can be wrong: half of a round trip. */
  offsetBoundSeconds: number;
  /** Seconds by which its first client started after that of the first host. */
  skewSeconds: number;
}

/** What all clients together saw over the time of the load. */
export interface Series {
  /** Length of an interval in milliseconds: 100, or more where that would be too many. */
  intervalMilliseconds: number;
  /** Requests answered in each interval, from the start of the load. */
  requests: number[];
  /** 99th percentile of their latency, the longest of fewer than 100, at most an eighth too high; 0 of none. */
  p99Microseconds: number[];
}

/** What the kernel counted during the load. */
export interface Kernel {
  /** Connections the network namespace accepted (PassiveOpens); null if unreadable. */
  passiveOpens: number | null;
  /** Those that were not ours. */
  otherTraffic: number | null;
  /** Attempts to connect that it dropped since the backlog of a listener was full (ListenOverflows); null if unreadable, and in old records. */
  listenOverflows: number | null;
  /** Attempts to connect that it dropped for any reason (ListenDrops); null if unreadable, and in old records. */
  listenDrops: number | null;
  /** TCP segments it sent again (RetransSegs); null if unreadable, and in old records. */
  retransmittedSegments: number | null;
  /** Packets it dropped since its table of connections had no room (drop of nf_conntrack); null if unreadable, and in old records. */
  conntrackDrops: number | null;
}

/** What the machine did during the load. Null if it could not be read. */
export interface Machine {
  /** Duration of the load. */
  seconds: number;
  /** Load average of a minute, before the trial. */
  loadAverage: number | null;
  /** Processors that the two times below are of: those the trial may use; null in old records: all. */
  processors: number | null;
  /** CPU time of everything there; in steps of 10 ms. */
  busySeconds: number | null;
  /** CPU time the hypervisor gave to other guests; in steps of 10 ms. */
  stealSeconds: number | null;
  /** CPU time of Herd's own programs beside server and clients; null in old records. */
  ownSeconds: number | null;
  /** CPU time of software interrupts there, of the network above all; in steps of 10 ms; null in old records. */
  softirqSeconds: number | null;
  /** Time for which CPU quotas stopped processes, summed over processors; null if there is no quota. */
  throttledSeconds: number | null;
  /** Time for which the machine was suspended or a program stopped, in steps of 0.5 s; null in old records. */
  suspendedSeconds: number | null;
}

/** One line of trials.jsonl: one design under one load, once. */
export interface Trial {
  /** Round, from 1. */
  round: number;
  /** Position within the round, from 0. */
  position: number;
  /** Id of the design. */
  design: string;
  /** Whether it counts; dnf: it did not finish within its limits. */
  status: "ok" | "failed" | "dnf";
  /** Why it does not count; null if it does. */
  reason: string | null;
  /** Time in UTC, ISO 8601. */
  startedAt: string;
  /** Duration of the whole trial, start and end of the programs included; null in old records. */
  seconds: number | null;
  /** Load it was given. */
  load: Load;
  /** Size of the pool; null for the baseline, and in old records. */
  poolSize: number | null;
  /** CPU time of parent and children; null if it failed before there was any. */
  cpu: Cpu | null;
  /** Context switches of parent and children; null as for cpu, and if processes or threads of an external server ended. */
  switches: Switches | null;
  /** Memory in bytes at the end, shared pages by share (Pss); null for a thread, or if unreadable. */
  pssBytes: number | null;
  /** Memory of parent and children during the load; null if unreadable, and in old records. */
  memory: Memory | null;
  /** A second account of the CPU time; null if there is none. */
  check: Check | null;
  /** Events of parent and children; null if it failed before, and in old records. */
  events: Events | null;
  /** How forks were made cheaper; null in designs that do not fork for each client, and in old records. */
  preparation: Preparation | null;
  /** How often the server lacked something; null if it failed before, and in old records. */
  shortages: Shortages | null;
  /** The parent; null if the process that accepts also serves. */
  parent: Parent | null;
  /** The children by index; one entry for all if each client has its own child. */
  children: Child[];
  /** Connections of each worker of an external server, by each way that worked; null in a design, and in old records. */
  workers: Workers[] | null;
  /** What the clients saw; null if it failed before that. */
  client: Client | null;
  /** What the kernel counted during the load. */
  kernel: Kernel;
  /** What the machine did during the load. */
  machine: Machine | null;
}

/** What a sweep can vary. */
export type Parameter = Sweep["parameter"];

/** A run as recorded. */
export interface Recorded {
  readonly run: Run;
  readonly trials: readonly Trial[];
}
