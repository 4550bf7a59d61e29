/**
 * Whether this machine can run a plan: descriptors, processes and ports, before anything is started.
 *
 * @module
 */
import { hasPorts, localPorts, portsOf } from "../../clients/ports.ts";
import { descriptorsForPool } from "../../servers/children/worker_room.ts";
import type { Design } from "../../servers/design.ts";
import { designs } from "../../servers/designs.ts";
import { HerdError, UnsupportedError } from "../../servers/errors.ts";
import { internetAddress } from "../../servers/posix/addresses.ts";
import { ownCgroups } from "../../servers/posix/cgroup.ts";
import { namesIn, tryReadText } from "../../servers/posix/files.ts";
import { findLoopback } from "../../servers/posix/network.ts";
import { pointsOf } from "./plan.ts";
import type { Plan } from "../record/record.ts";
import { warmUpOf } from "./warm_up.ts";

/** The limits of the system; Infinity if there is none, or it cannot be read. */
export interface Limits {
  /** Descriptors of a process (RLIMIT_NOFILE). */
  readonly descriptors: number;
  /** Processes and threads of this user (RLIMIT_NPROC). */
  readonly processes: number;
  /** Those that this user has already. */
  readonly userProcesses: number;
  /** Processes and threads that may be added under pid_max, threads-max and the cgroup's pids.max. */
  readonly tasks: number;
  /** Local ports for the connections of a trial (ip_local_port_range(5)). */
  readonly ports: number;
}

/** Upper bound of the descriptors that a Deno process itself opens. */
const OWN_DESCRIPTORS = 64;

/** Upper bound of the processes and threads of bench, host and load themselves. */
const OWN_TASKS = 64;

/**
 * The limit that keeps this machine from running a plan, as one line with the command that raises it;
 * undefined if there is none.
 */
export function shortfall(plan: Plan, limits: Limits): string | undefined {
  const { parameter = "children" } = plan.sweep ?? {};
  // The most demanding point first: what is enough for it is enough for all.
  return pointsOf(plan).toSorted((a, b) => b[parameter] - a[parameter])
    .map((point) => shortfallAt(partHere(point), limits))
    .find((missing) => missing !== undefined);
}

/** What a plan needs of this machine: what runs on other hosts needs nothing here. */
function partHere(plan: Plan): Plan {
  const { hosts, clients, children, local } = plan;
  if (hosts === null) return plan;
  const isLoadedElsewhere = hosts.clients.length > 0;
  return {
    ...plan,
    clients: isLoadedElsewhere ? 0 : clients,
    children: hosts.server === null ? children : 0,
    local: local || isLoadedElsewhere, // no ports
  };
}

function shortfallAt(plan: Plan, limits: Limits): string | undefined {
  const short = boundsOf(plan, limits).find(({ needed, found }) => needed > found);
  return short && `${short.lack}; write ${short.mend}`;
}

/** A limit beside what a plan needs. */
export interface Bound {
  readonly what: string;
  readonly needed: number;
  /** Infinity: there is no limit. */
  readonly found: number;
  /** What is to be said where it is too little. */
  readonly lack: string;
  /** The command that raises it to what is needed. */
  readonly mend: string;
}

/** The most descriptors that a process has under a plan with these designs. */
function descriptorsFor({ clients, children }: Plan, chosen: readonly Design[]): number {
  const isThreaded = chosen.some((design) =>
    design.children === "worker" && design.lifetime === "pool"
  );
  return Math.max(
    // The parent has a socket pair, or a listening socket, for each child.
    OWN_DESCRIPTORS +
      Math.max(clients, chosen.some(({ passes, isSharded }) => passes || isSharded) ? children : 0),
    isThreaded ? descriptorsForPool(children) : 0,
  );
}

/** The limits of processes and threads, where so many more are needed. */
function taskBounds(tasks: number, limits: Limits): Bound[] {
  const { processes, userProcesses } = limits;
  return [
    {
      what: "processes and threads of this user",
      needed: userProcesses + tasks,
      found: processes,
      lack: `it needs ${tasks} processes, you may have ${processes} and have ${userProcesses}`,
      mend: `ulimit -u ${userProcesses + tasks}`,
    },
    {
      what: "processes and threads of the system or the cgroup",
      needed: tasks,
      found: limits.tasks,
      lack: `it needs ${tasks} processes, the system has room for ${limits.tasks}`,
      mend: "sysctl -w kernel.pid_max=4194304 or raise the cgroup's pids.max",
    },
  ];
}

/** What a server says, or Deno, that lacked processes or threads. */
const LACKS_TASKS = /EAGAIN|temporarily unavailable|worker threads/;

/** The error of a server that did not start, with the limit of processes if it met that. */
export function withTaskLimit(error: unknown, children: number): unknown {
  if (!(error instanceof HerdError) || !LACKS_TASKS.test(error.message)) return error;
  const bounds = taskBounds(OWN_TASKS + children, readLimits());
  const short = bounds.find(({ needed, found }) => needed > found);
  if (short === undefined) return error;
  const message = `Cannot start the server: ${short.lack}; write ${short.mend}`;
  return new UnsupportedError(message, { cause: error });
}

/** The limits of a plan without a sweep, in the order in which they are checked. */
export function boundsOf(plan: Plan, limits: Limits): Bound[] {
  const { children, clients, connections, local, rate } = plan;
  const chosen = designs.filter(({ id }) => plan.designs.includes(id));
  const descriptors = descriptorsFor(plan, chosen);
  const threads = Math.max(0, ...chosen.map((design) => design.threads ?? 0));
  const tasks = OWN_TASKS + (rate > 0 ? 1 : clients) + children * (1 + threads);
  const warmUps = chosen.map(({ id }) => warmUpOf({ design: id, load: plan, poolSize: children }));
  // Every trial has another server port.
  const ports = local ? 0 : portsOf({
    clients,
    connections,
    warmUpConnections: Math.max(...warmUps) / clients,
    thinkMilliseconds: plan.think,
    rate,
  });
  return [
    {
      what: "open files of a process",
      needed: descriptors,
      found: limits.descriptors,
      lack: `it needs ${descriptors} open files, a process may have ${limits.descriptors}`,
      mend: `ulimit -n ${descriptors}`,
    },
    ...taskBounds(tasks, limits),
    {
      what: "local ports",
      needed: ports,
      found: limits.ports,
      lack: `it needs ${ports} local ports in a trial, there are ${limits.ports}`,
      mend: 'sysctl -w net.ipv4.ip_local_port_range="1024 65535", or make fewer connections',
    },
  ];
}

/** Reads the limits that apply to this process. */
export function readLimits(): Limits {
  const limits = tryReadText("/proc/self/limits") ?? "";
  const limit = (name: string) => number(limits.match(`\n${name}\\s+(\\S+)`)?.[1]);
  const sysctl = (path: string) => tryReadText(`/proc/sys/${path}`);
  const running = Number(tryReadText("/proc/loadavg")?.match(/\/(\d+)/)?.[1] ?? 0);
  const most = Math.min(number(sysctl("kernel/pid_max")), number(sysctl("kernel/threads-max")));
  const loopback = findLoopback();
  const hasAlways = loopback === undefined || hasPorts(internetAddress(loopback, 0));
  return {
    descriptors: limit("Max open files"),
    processes: mayExceedProcesses() ? Infinity : limit("Max processes"),
    userProcesses: countUserProcesses(),
    tasks: Math.min(most - running, roomInCgroup()),
    ports: hasAlways ? Infinity : localPorts(),
  };
}

/** The status of a process (proc_pid_status(5)), by field; without fields if it has ended. */
function statusOf(pid: number | "self"): (field: string) => string | undefined {
  const text = tryReadText(`/proc/${pid}/status`) ?? "";
  return (field) => text.match(`(?:^|\n)${field}:\\s+(\\w+)`)?.[1];
}

/** Whether the limit of processes does not apply: to root, or with CAP_SYS_ADMIN or CAP_SYS_RESOURCE (fork(2)). */
function mayExceedProcesses(): boolean {
  const [SYS_ADMIN, SYS_RESOURCE] = [1n << 21n, 1n << 24n];
  const own = statusOf("self");
  const capabilities = BigInt(`0x${own("CapEff") ?? 0}`);
  // A user namespace has root and capabilities of its own, which are none here.
  const isOutside = /^\s*0\s+0\s+4294967295$/m.test(tryReadText("/proc/self/uid_map") ?? "");
  return isOutside && (own("Uid") === "0" || (capabilities & (SYS_ADMIN | SYS_RESOURCE)) !== 0n);
}

/** The processes and threads of this user, as far as they can be seen from here. */
function countUserProcesses(): number {
  const own = statusOf("self")("Uid");
  return namesIn("/proc").filter((name) => Number(name) > 0)
    .map((name) => statusOf(Number(name)))
    .filter((field) => field("Uid") === own)
    .reduce((sum, field) => sum + Number(field("Threads")), 0);
}

/** Tasks that may be added to the cgroups of this process, and to those above them (the pids controller). */
function roomInCgroup(): number {
  const rooms = ownCgroups().flatMap(({ folders }) => folders).map((folder) => {
    const file = (name: string) => tryReadText(`${folder}/pids.${name}`);
    return number(file("max")) - Number(file("current") ?? 0);
  });
  return Math.min(Infinity, ...rooms);
}

/** Parses a limit. */
function number(text: string | undefined): number {
  const value = text === undefined ? NaN : Number(text.trim());
  return Number.isNaN(value) ? Infinity : value;
}
