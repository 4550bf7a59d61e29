/**
 * The cost of an external server between two moments: of each of its processes and in all.
 *
 * @module
 */
import {
  type ChildReport,
  type Cpu,
  type Report,
  split,
  type ThreadsReport,
} from "../host/account.ts";
import type { OtherAccount, Switches } from "../host/snapshot.ts";
import type { Usage } from "../posix/clocks.ts";
import { type Events, eventsBetween } from "../posix/event_counts.ts";
import { proportionalMemory, TICKS_PER_SECOND } from "../posix/files.ts";
import type { ProcessState } from "../posix/process_tree.ts";

/** All processes of a server at one moment. */
export interface TreeState {
  /** By number: the program first, then those below it. */
  readonly processes: ReadonlyMap<number, ProcessState>;
  /** What the guard has waited for so far. */
  readonly ended: Usage;
  readonly otherAccount: OtherAccount;
  readonly events: Events;
}

/** What a process, or several, used between two moments. */
type Part = Pick<ChildReport<null>, "pid" | "name" | "cpu" | "switches" | "threads">;

/** The parts of an account. They add up to the whole. */
export interface TreeAccount {
  readonly cpu: Cpu;
  /** Null if processes or threads have ended, whose switches nobody knows. */
  readonly switches: Switches | null;
  /** A part for each process that lives; those that have ended are one, without a number. */
  readonly parts: readonly Part[];
}

/** What the processes of a server used between two moments. */
export function accountOf(from: TreeState, to: TreeState): TreeAccount {
  const living = [...to.processes.values()]
    .map((process) => partOf(from.processes.get(process.pid), process));
  const ended = endedPart(from, to, sumOf(living.map(({ cpu }) => cpu)));
  const parts = ended === undefined ? living : [...living, ended];
  return {
    cpu: sumOf(parts.map(({ cpu }) => cpu)),
    switches: switchesOf(parts),
    parts,
  };
}

/** The report of a server: the program is the parent if there are others. Nobody knows what each of them served. */
export function reportOf(
  design: string,
  from: TreeState,
  to: TreeState,
): Omit<Report<null>, "memory" | "pssBytes"> {
  const { cpu, switches, parts } = accountOf(from, to);
  const reports = parts.map((part) => ({
    ...part,
    pssBytes: part.pid === null ? null : proportionalMemory(part.pid),
  }));
  const [first, ...others] = reports;
  const hasParent = others.length > 0 && first!.pid !== null;
  return {
    design,
    cpu,
    switches,
    parent: hasParent ? { ...first!, pid: first!.pid! } : null,
    children: (hasParent ? others : reports).map((report, index) => ({
      index,
      ...report,
      connections: null,
      requests: null,
      emptyAccepts: null,
      given: 0,
      rejected: 0,
      lost: 0,
    })),
    otherAccount: {
      source: to.otherAccount.source,
      cpuSeconds: to.otherAccount.cpuSeconds - from.otherAccount.cpuSeconds,
    },
    events: eventsBetween(from.events, to.events),
    preparation: null,
    shortages: null,
  };
}

function switchesOf(parts: readonly Part[]): Switches | null {
  const known = parts.flatMap(({ switches }) => switches ?? []);
  if (known.length < parts.length) return null;
  return {
    voluntary: sum(known.map(({ voluntary }) => voluntary)),
    involuntary: sum(known.map(({ involuntary }) => involuntary)),
  };
}

/** CPU time of threads that have ended is in that of their process; their context switches are nowhere. */
function hasLostThreads(before: ProcessState | undefined, now: ProcessState): boolean {
  const ended = ({ cpu, threads }: ProcessState) =>
    cpu - sum([...threads.values()].map(({ cpu }) => cpu));
  const lost = ended(now) - (before ? ended(before) : 0);
  return lost > Math.max(LEAST_LOST_SECONDS, LOST_SHARE * (now.cpu - (before?.cpu ?? 0)));
}

/** Less is the time between reading the one and the other. */
const [LEAST_LOST_SECONDS, LOST_SHARE] = [0.001, 0.01];

function partOf(before: ProcessState | undefined, now: ProcessState): Part {
  const none = { user: 0, system: 0 };
  const switches = (name: keyof Switches) =>
    Math.max(0, now.switches[name] - (before?.switches[name] ?? 0));
  return {
    pid: now.pid,
    name: now.name,
    cpu: split(now.cpu - (before?.cpu ?? 0), before?.ticks ?? none, now.ticks),
    switches: hasLostThreads(before, now)
      ? null
      : { voluntary: switches("voluntary"), involuntary: switches("involuntary") },
    threads: now.threads.size > 1 ? threadsOf(before, now) : null,
  };
}

/** The threads of a process, those of the same name together. */
function threadsOf(before: ProcessState | undefined, now: ProcessState): ThreadsReport[] {
  const used = [...now.threads].map(([tid, { name, cpu }]) => ({
    name,
    cpu: Math.max(0, cpu - (before?.threads.get(tid)?.cpu ?? 0)),
  }));
  return [...Map.groupBy(used, ({ name }) => name)].map(([name, same]) => ({
    name,
    count: same.length,
    cpuSeconds: sum(same.map(({ cpu }) => cpu)),
  }));
}

/**
 * What the processes used that have ended since, undefined if none has. Who waits for a process adds its time to
 * that of its children, in steps of 10 ms; so it is what these have gained, less what the ended ones had before.
 */
function endedPart(from: TreeState, to: TreeState, living: Cpu): Part | undefined {
  const gone = [...from.processes.keys()].some((pid) => !to.processes.has(pid));
  const [before, after] = [timesOf(from), timesOf(to)];
  const [reapedBefore, reapedAfter] = [reapedOf(from), reapedOf(to)];
  const waitedFor = to.ended.user + to.ended.system - from.ended.user - from.ended.system;
  if (!gone && reapedBefore === reapedAfter && waitedFor === 0) return undefined;
  const total = Math.max(0, after.total - before.total - living.total);
  // The split is that of all together, less that of the living.
  const user = Math.max(0, after.user - before.user - living.user);
  const system = Math.max(0, after.system - before.system - living.system);
  const cpu = split(total, { user: 0, system: 0 }, { user, system });
  return { pid: null, name: null, cpu, switches: null, threads: null };
}

/** CPU seconds so far of all processes, also of those that have ended. */
function timesOf({ processes, ended }: TreeState): Cpu {
  const all = [...processes.values()];
  const ticks = (pick: (process: ProcessState) => number) => sum(all.map(pick)) / TICKS_PER_SECOND;
  return {
    total: sum(all.map(({ cpu }) => cpu)) + reapedOf({ processes }) + ended.user + ended.system,
    user: ticks(({ ticks, reaped }) => ticks.user + reaped.user) + ended.user,
    system: ticks(({ ticks, reaped }) => ticks.system + reaped.system) + ended.system,
  };
}

/** CPU seconds so far by the scheduler's statistics of each thread, and what was waited for. */
export function secondsByThreads(
  { processes, ended }: Pick<TreeState, "processes" | "ended">,
): number {
  const threads = [...processes.values()].flatMap(({ threads }) => [...threads.values()]);
  const waitedFor = reapedOf({ processes }) + ended.user + ended.system;
  return sum(threads.map(({ cpu }) => cpu)) + waitedFor;
}

/** CPU seconds of what the living processes have waited for. */
function reapedOf({ processes }: Pick<TreeState, "processes">): number {
  return sum([...processes.values()].map(({ reaped }) => reaped.user + reaped.system)) /
    TICKS_PER_SECOND;
}

function sumOf(all: readonly Cpu[]): Cpu {
  return {
    user: sum(all.map(({ user }) => user)),
    system: sum(all.map(({ system }) => system)),
    total: sum(all.map(({ total }) => total)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
