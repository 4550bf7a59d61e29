/**
 * The plan in a record: what is run, and in which order.
 *
 * @module
 */
import { z } from "npm:zod@4.6.7";
import { ARRIVALS } from "../../clients/arrivals.ts";
import { External } from "./external.ts";
import { count, design, Load, mean, poolSize, Way } from "./trial.ts";

/** The parameters that a sweep can vary. */
export const Parameter = z.enum(["children", "clients", "bytes", "think", "rate", "work", "wait"]);

/** When the requests of a rate are due. */
export const Arrivals = z.enum(ARRIVALS);

export const Sweep = z.object({
  parameter: Parameter.describe("What is varied; more clients share the same connections"),
  values: z.array(mean).describe("Its values"),
}).meta({ id: "Sweep", description: "What a run varies from trial to trial." });

/** The seed of an exponential distribution follows from that of the plan. */
const Distribution = z.enum(["fixed", "exponential"]);

const Pin = z.object({
  server: z.array(count).nullable().describe("Processors of the server; null: any"),
  client: z.array(count).nullable().describe("Processors of the clients; null: any"),
}).meta({ id: "Pin", description: "Processors that server and client are confined to." });

const PlanHosts = z.object({
  via: z.string().describe("Program that reaches them, and its options: ssh, clush or srun"),
  clients: z.array(z.string()).describe("Hosts of the clients; none: Herd's own machine"),
  server: z.string().nullable().describe("Host of the server; null: Herd's own machine"),
  address: z.string().describe("Name or address of the server's host, where it listens"),
}).meta({ id: "PlanHosts", description: "Other machines that take part." });

export const Limits = z.object({
  start: count.describe("Start of a server, or a load, until it is ready"),
  request: count.describe("A connection without progress"),
  run: count.describe("The whole load, which then makes no further connections"),
  stop: count.describe("End of a server"),
  budget: count.default(0).describe(
    "The whole run, which leaves out rounds that would take longer; 0: no limit",
  ),
}).meta({ id: "Limits", description: "How long the steps of a trial may take, in seconds." });

/** The default limits. */
export const LIMITS: z.infer<typeof Limits> = {
  start: 30,
  request: 10,
  run: 600,
  stop: 30,
  budget: 0,
};

const Planned = z.object({
  round: count.describe("Round, from 1"),
  position: count.describe("Position within the round, from 0"),
  design: design.describe("Id of the design, or name of the external server"),
  load: Load.describe("Load it is given"),
  poolSize,
}).meta({ id: "Planned", description: "A trial as planned." });

export const Plan = z.object({
  designs: z.array(design).describe(
    "Ids of the designs, in the order of the registry, and names of the external servers",
  ),
  externals: z.array(External).default([]).describe("Servers that are programs of others"),
  workersBy: z.array(Way).default([]).describe(
    "How connections of their workers are counted; none: by the first way that works",
  ),
  workerHeader: z.string().nullable().default(null).describe(
    "Header of replies that names the worker, or a pattern between slashes; null: none",
  ),
  rounds: count.describe(
    "Rounds; each runs every design once. Within a budget, the most: at the end those run",
  ),
  seed: count.describe("Seed of the random order within each round"),
  clients: count.describe("Clients at the same time; one for the baseline"),
  connections: count.describe(
    "Connections each client makes; the baseline's one client makes all of them",
  ),
  duration: count.default(0).describe(
    "Seconds for which clients make connections, and sums are scaled to that number of them; 0: no duration",
  ),
  service: z.enum(["bytes", "http"]).default("bytes").describe(
    "What is done for a client: the book's service, or HTTP",
  ),
  requests: count.default(1).describe("Requests on each connection, one after the other"),
  bytes: count.describe("Bytes of each request"),
  children: count.describe("Children of a pool"),
  steer: z.enum(["hash", "cpu", "random"]).default("hash").describe(
    "How the kernel deals connections to several listening sockets on a port, in designs that have them",
  ),
  policy: z.enum(["lowest-free", "round-robin", "least-connections"]).default("lowest-free")
    .describe(
      "Which free child a parent passes a connection to, in designs that pass them",
    ),
  think: count.default(0).describe(
    "Milliseconds a client waits between two connections; the baseline's does not wait",
  ),
  rate: count.default(0).describe(
    "Requests a second, due whatever the server answers, on as many connections at a time as there are " +
      "clients; 0: each client waits for its replies, as the baseline's always does",
  ),
  arrivals: Arrivals.default("poisson").describe(
    "When they are due: as in a Poisson process whose seed is the run's plus the round, or evenly",
  ),
  p99: mean.nullable().default(null).describe(
    "Milliseconds that p99 is to stay below in a sweep over rates; null: not said",
  ),
  work: mean.default(0).describe("Microseconds of CPU time of each request, on average"),
  workDistribution: Distribution.default("fixed").describe(
    "How these are distributed over the requests",
  ),
  wait: mean.default(0).describe("Milliseconds that each request waits in the server, on average"),
  waitDistribution: Distribution.default("fixed").describe(
    "How these are distributed over the requests",
  ),
  sweep: Sweep.nullable().default(null).describe(
    "What is varied from trial to trial; null: nothing",
  ),
  sessions: z.enum(["separate", "same"]).describe(
    "Whether server and client have process sessions of their own, see setsid(2)",
  ),
  counters: z.enum(["auto", "always", "never"]).default("auto").describe(
    "Whether instructions, cycles, page faults and migrations of servers are counted; auto: where instructions can be",
  ),
  pin: Pin.default({ server: null, client: null })
    .describe("Processors that server and client are confined to"),
  netns: z.boolean().default(false)
    .describe("Whether everything runs in a network namespace of its own"),
  local: z.boolean().default(false).describe(
    "Whether servers are reached over Unix-domain sockets, or a local transport of their own",
  ),
  ipv6: z.boolean().default(false).describe(
    "Whether servers listen on ::1, where there is IPv4, too",
  ),
  hosts: PlanHosts.nullable().default(null)
    .describe("Other machines that take part; null: none"),
  limits: Limits.default(LIMITS)
    .describe("How long the steps of a trial, and the whole run, may take"),
  trials: z.array(Planned).describe(
    "Every planned trial, in order; at the end without those that limits.budget left out",
  ),
}).meta({ id: "Plan", description: "What is run, and in which order." });

export type Parameter = z.infer<typeof Parameter>;
export type Arrivals = z.infer<typeof Arrivals>;
export type Sweep = z.infer<typeof Sweep>;
export type Limits = z.infer<typeof Limits>;
export type Plan = z.infer<typeof Plan>;
