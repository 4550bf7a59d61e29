/**
 * The plan of a run: every trial, in order.
 *
 * @module
 */
import { UsageError } from "../../servers/errors.ts";
import { mulberry32 } from "../../servers/random.ts";
import { BOOK } from "../../clients/book.ts";
import { designs, findDesign, isReachable } from "../../servers/designs.ts";
import { LIMITS, type Limits, type Load, type Parameter, type Plan } from "../record/record.ts";
import { requireDistinct } from "./externals.ts";
import { requireNaming } from "./worker_header.ts";
import { requireService } from "./service.ts";

/** The design that the others are compared with. */
export const BASELINE = "iterative";

/** A plan without its trials. Missing options are as in `DEFAULTS`. */
export type PlanOptions = Pick<Plan, "designs" | "seed"> & Partial<Omit<Plan, "trials">>;

type Settings = Omit<Plan, "trials">;

/** Seconds that a run takes by default. */
export const BUDGET_SECONDS = 180;

/** Most rounds within a budget: more of them would show little more. */
const MOST_ROUNDS = 24;

/**
 * Seconds of load within a budget, at least, and in a quick run; a slower design makes fewer connections in a trial.
 */
export const LEAST_LOAD_SECONDS = 3;

/** Seconds of load, at most, unless another limit is asked for: some designs would take minutes. */
export const MOST_LOAD_SECONDS = 20;

/** Trials of each design that a load's share of the budget is for. */
const TRIALS_IN_SHARE = 18;

/** The book's load and default settings. */
export const DEFAULTS: Omit<Settings, "designs" | "seed"> = {
  externals: [],
  workersBy: [],
  workerHeader: null,
  rounds: MOST_ROUNDS,
  ...BOOK,
  service: "bytes",
  requests: 1,
  duration: 0,
  think: 0,
  steer: "hash",
  policy: "lowest-free",
  rate: 0,
  arrivals: "poisson",
  p99: null,
  work: 0,
  workDistribution: "fixed",
  wait: 0,
  waitDistribution: "fixed",
  sweep: null,
  sessions: "separate",
  counters: "auto",
  pin: { server: null, client: null },
  netns: false,
  local: false,
  ipv6: false,
  hosts: null,
  limits: LIMITS,
};

/** A trial without its position in a round. */
type Candidate = Pick<Plan["trials"][number], "design" | "load" | "poolSize">;

/**
 * Plans a run: each round has every design once, in a random order that follows from the seed. The
 * baseline is always included. A design that is named twice runs twice in each round. In a sweep a round has every design once for each value, and the
 * baseline once for each load.
 *
 * @throws {UsageError} for a design that cannot be reached over TCP, or in a local run locally, or not with that
 * service.
 */
export function makePlan(given: PlanOptions): Plan {
  const { duration = 0, limits = limitsWithin(BUDGET_SECONDS, given) } = given;
  // A load of some seconds is one without an end, which the limit ends.
  const run = duration > 0 ? duration : limits.run;
  const options = { ...DEFAULTS, ...given, limits: { ...limits, run } };
  requireDistinct(options.externals);
  requireOwnTimes(options);
  requireNaming(options);
  if (options.externals.length > 0 && options.local) {
    throw new UsageError("Cannot reach external servers but over TCP", { option: "local" });
  }
  requireReach(options);
  requireIpv6(options);
  const own = designs.filter(({ id }) => id === BASELINE || options.designs.includes(id));
  const ids = [...own, ...options.externals.map(({ name }) => ({ id: name }))].map(({ id }) => id);
  const { local } = options;
  const elsewhere = own.find((design) => !isReachable(design, local))?.id;
  if (elsewhere !== undefined && local) {
    throw new UsageError(
      `Cannot reach ${elsewhere} locally: it listens at a port only; leave it out`,
    );
  }
  if (elsewhere !== undefined) {
    throw new UsageError(`Cannot reach ${elsewhere} over TCP`, { option: "local" });
  }
  for (const id of ids) {
    for (const point of pointsOf(options)) requireService(findDesign(id) ?? {}, point);
  }
  const random = mulberry32(options.seed);
  const twice = options.designs.filter((id, index) => options.designs.indexOf(id) < index);
  const candidates = [...candidatesOf(ids, options), ...candidatesOf(twice, options)];
  const trials = Array.from(
    { length: options.rounds },
    (_, index) =>
      shuffle(candidates, random).map((candidate, position) => ({
        round: index + 1,
        position,
        ...candidate,
      })),
  );
  return { ...options, designs: ids, trials: trials.flat() };
}

/**
 * The default limits within a budget of seconds, 0 for none. With a given number of rounds there is no budget.
 */
export function limitsWithin(
  budget: number,
  { rounds, designs }: {
    readonly rounds?: number | undefined;
    readonly designs: readonly string[];
  },
): Limits {
  if (rounds !== undefined || budget === 0) return { ...LIMITS, run: MOST_LOAD_SECONDS };
  const share = Math.round(budget / TRIALS_IN_SHARE / designs.length);
  const run = Math.min(Math.max(LEAST_LOAD_SECONDS, share), MOST_LOAD_SECONDS);
  return { ...LIMITS, run, budget };
}

/** @throws {UsageError} if requests are to take times in a server that knows nothing of them. */
function requireOwnTimes({ externals: [external], work, wait, sweep }: Settings): void {
  const option = sweep?.parameter === "work" || work > 0
    ? "work"
    : sweep?.parameter === "wait" || wait > 0
    ? "wait"
    : undefined;
  if (external === undefined || option === undefined) return;
  throw new UsageError(
    `Cannot have requests ${option} in ${external.name}, whose program decides that`,
    { option },
  );
}

/** @throws {UsageError} if other hosts are to be reached where they cannot be. */
function requireReach({ hosts, local, netns }: Settings): void {
  if (hosts === null || !local && !netns) return;
  const option = local ? "local" : "netns";
  throw new UsageError(`Cannot reach other hosts with ${option}: leave out one of them`);
}

/** @throws {UsageError} if servers are to listen on ::1 that do not, or of which other hosts are clients. */
function requireIpv6({ ipv6, local, hosts, externals: [external] }: Settings): void {
  const option = "ipv6";
  if (ipv6 && local) throw new UsageError("Cannot run both over IPv6 and locally", { option });
  if (ipv6 && hosts !== null) {
    const message = "Cannot choose ::1 where other hosts take part: give their address";
    throw new UsageError(message, { option });
  }
  if (ipv6 && external) {
    const message = `Cannot move ${external.name} to IPv6: its command says where it listens`;
    throw new UsageError(message, { option });
  }
}

/** Every trial of a round, each once. */
function candidatesOf(ids: readonly string[], options: Settings): Candidate[] {
  const all = pointsOf(options).flatMap((point) =>
    ids.map((design) => ({ design, ...workOf(design, point) }))
  );
  // The baseline has no children: in a sweep over them all its trials would be the same.
  return [...new Map(all.map((candidate) => [JSON.stringify(candidate), candidate])).values()];
}

/** The plan at every value of its sweep; without a sweep, the plan itself. */
export function pointsOf<T extends Settings>(plan: T): T[] {
  return plan.sweep?.values.map((value) => pointOf(plan, value)) ?? [plan];
}

/** The plan at one value of its sweep. More clients share the same connections. */
export function pointOf<T extends Settings>(plan: T, value: number): T {
  const { parameter } = plan.sweep!;
  if (parameter !== "clients") return { ...plan, [parameter]: value };
  const connections = Math.ceil(plan.clients * plan.connections / value);
  return { ...plan, clients: value, connections };
}

/** The value of a trial in a sweep; null if the parameter makes no difference to it, as to the baseline. */
export function valueOf(
  { design, load, poolSize }: Candidate,
  parameter: Parameter,
): number | null {
  if (design === BASELINE && !variesBaseline(parameter)) return null;
  return parameter === "children" ? poolSize : load[parameter];
}

/** Whether a parameter makes a difference to the baseline, too: what each request is, and not how they come. */
export function variesBaseline(parameter: Parameter): boolean {
  return parameter === "bytes" || parameter === "work" || parameter === "wait";
}

/** The name of a trial: its design, and in a sweep its value. */
export function nameOf(trial: Candidate, sweep: Plan["sweep"]): string {
  const value = sweep && valueOf(trial, sweep.parameter);
  return value === null ? trial.design : nameAt(trial.design, sweep!.parameter, value);
}

/** The name of a design at one value of a sweep: "prefork-mutex children=30". */
export function nameAt(design: string, parameter: Parameter, value: number): string {
  return `${design} ${parameter}=${value}`;
}

/**
 * The load of a plan as text; a parameter of a sweep is a list such as "15, 30, 45". Bytes are of each request;
 * `each` is what a client does: "500 connections", or "5 s".
 */
export function loadText(plan: Settings): Record<Parameter | "connections" | "each", string> {
  const { clients, connections, duration, requests, bytes, children, think, rate, sweep } = plan;
  const { work, wait } = plan;
  const { parameter, values } = sweep ?? { parameter: "children", values: [children] };
  const each = parameter === "clients" ? "…" : connections;
  const text: Record<string, number | string> = {
    clients,
    connections: each,
    each: duration > 0 ? `${duration} s` : `${each} connections`,
    bytes,
    children,
    think,
    rate,
    work,
    wait,
    [parameter]: values.join(", "),
  };
  if (requests > 1) text.bytes = `${requests} requests × ${text.bytes}`;
  return Object.fromEntries(
    Object.entries(text).map(([name, value]) => [name, String(value)]),
  ) as ReturnType<typeof loadText>;
}

/**
 * The baseline serves as many connections, but from one client, as in the book. That client does not wait
 * between them, nor for a rate: it would wait as long as all clients of the other designs together.
 */
function workOf(
  design: string,
  { clients, connections, duration, requests, bytes, think, rate, work, wait, children, externals }:
    Settings,
): { load: Load; poolSize: number | null } {
  const workers = externals.find(({ name }) => name === design)?.workers;
  const each = { duration, requests, bytes, work, wait };
  return design === BASELINE
    ? {
      load: { clients: 1, connections: clients * connections, ...each, think: 0, rate: 0 },
      poolSize: null,
    }
    : { load: { clients, connections, ...each, think, rate }, poolSize: workers ?? children };
}

/** A Fisher–Yates shuffle. */
export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
