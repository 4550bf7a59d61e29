/**
 * The flags shared by the commands that measure, and the plan they describe.
 *
 * @module
 */
import { timeFlags, timesOf } from "./service_time.ts";
import { type Flags, processorsOf, type Values } from "./flags.ts";
import { placesIn } from "../agents/places.ts";
import { placeFlags } from "./host_flags.ts";
import { UsageError } from "../../servers/errors.ts";
import type { ServiceName } from "../../servers/design.ts";
import { isService, SERVICE_NAMES } from "../../servers/service/services.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { designs, findDesign } from "../../servers/designs.ts";
import {
  BUDGET_SECONDS,
  DEFAULTS,
  LEAST_LOAD_SECONDS,
  limitsWithin,
  makePlan,
  MOST_LOAD_SECONDS,
} from "../plan/plan.ts";
import { RANGES } from "../plan/ranges.ts";
import { VARIANTS, variantsOf } from "../plan/variants.ts";
import { Arrivals, type Limits, type Plan } from "../record/record.ts";

/** A flag with an integer value. */
export const count = (
  value: number,
  [min, max]: readonly [number, number],
  help: string,
  unit = "N",
) => ({ kind: "integer", value: unit, default: value, min, max, help } as const);

const HOUR = 3600;

/** Connections of all clients together in a quick run. */
const QUICK_CONNECTIONS = 500;

/** The load of a quick run, for the help of a command. */
export const quickLoad =
  `${QUICK_CONNECTIONS} connections in total, or as many as fit into ${LEAST_LOAD_SECONDS} s`;

/** What is done for a client. */
export const serviceFlag = {
  kind: "string",
  value: SERVICE_NAMES.join("|"),
  help: "Serve the book's lines, or HTTP with GET and HEAD of /bytes/N (default bytes)",
} as const;

/** Parses `--service`. @throws {UsageError} for an unknown one. */
export function serviceOf(name = "bytes"): ServiceName {
  if (isService(name)) return name;
  throw new UsageError(`Unknown service "${name}": write --service ${SERVICE_NAMES.join(" or ")}`);
}

/** Parses `--arrivals`. @throws {UsageError} for another word, or without a rate. */
export function arrivalsOf(text: string | undefined, rate: number): Arrivals {
  if (text === undefined) return DEFAULTS.arrivals;
  const found = Arrivals.options.find((name) => name === text);
  if (found === undefined) {
    throw new UsageError(
      `Unknown arrivals "${text}": write --arrivals ${Arrivals.options.join(" or ")}`,
    );
  }
  if (rate > 0) return found;
  throw new UsageError(`Cannot use --arrivals ${text} without --rate: write one, such as 1000`);
}

/** The load and the pool of a trial. */
export const loadFlags = {
  clients: count(DEFAULTS.clients, RANGES.clients, "Run N clients at the same time"),
  connections: count(
    DEFAULTS.connections,
    RANGES.connections,
    "Make N connections with each client, one after the other",
  ),
  duration: {
    kind: "integer",
    value: "SECONDS",
    min: RANGES.duration[0],
    max: RANGES.duration[1],
    help: "Make connections for SECONDS with each client, in place of --connections",
  },
  requests: count(
    DEFAULTS.requests,
    RANGES.requests,
    "Send N requests on each connection, one after the other",
  ),
  bytes: count(DEFAULTS.bytes, RANGES.bytes, "Ask for N bytes with each request"),
  service: serviceFlag,
  children: count(DEFAULTS.children, RANGES.children, "Start N children in a pool"),
  think: {
    ...count(
      DEFAULTS.think,
      RANGES.think,
      "Let each client wait MS milliseconds between connections",
      "MS",
    ),
    zero: "no wait",
  },
  rate: {
    ...count(
      DEFAULTS.rate,
      RANGES.rate,
      "Let N requests a second be due, whatever the server answers, on up to --clients connections at a time",
    ),
    zero: "each client waits for its replies",
  },
  arrivals: {
    kind: "string",
    value: Arrivals.options.join("|"),
    help: "Let them be due at random, in a Poisson process, or evenly (default poisson)",
  },
  ...timeFlags,
} as const satisfies Flags;

const { limits } = DEFAULTS;

/** The names of designs that have an option, for its help. */
const having = (option: keyof typeof VARIANTS) =>
  designs.filter(VARIANTS[option].isOf).map(({ id }) => id).join(", ");

/** What only some designs have. */
export const variantFlags = {
  steer: {
    kind: "string",
    value: VARIANTS.steer.values.join("|"),
    help: `${having("steer")}: Deal connections to children by a hash of their addresses, by the ` +
      "processor that they arrive at, or at random (default hash)",
  },
  policy: {
    kind: "string",
    value: VARIANTS.policy.values.join("|"),
    help: `${having("policy")}: Pass a connection to the first free child, to the next one in ` +
      "turn, or to the one with the fewest so far (default lowest-free)",
  },
} as const satisfies Flags;

/** Everything else about a run. */
export const runFlags = {
  ...variantFlags,
  budget: {
    ...count(
      BUDGET_SECONDS,
      [0, 24 * HOUR],
      "Run as many rounds as fit into SECONDS, fewer of slow designs",
      "SECONDS",
    ),
    zero: "no limit",
  },
  rounds: {
    kind: "integer",
    value: "N",
    min: RANGES.rounds[0],
    max: RANGES.rounds[1],
    help: "Run exactly N rounds; each runs every design once, in random order",
  },
  seed: {
    kind: "integer",
    value: "N",
    min: RANGES.seed[0],
    max: RANGES.seed[1],
    help: "Use N as the seed of that order (default: random)",
  },
  output: {
    kind: "string",
    value: "DIR",
    help: "Write the record into DIR (default results/TIME)",
  },
  name: {
    kind: "string",
    value: "NAME",
    help: "Name the run: its folder is results/TIME-NAME, and tables and compare take the name",
  },
  quick: { kind: "boolean", help: `Run one round of ${quickLoad}` },
  sessions: {
    kind: "string",
    value: "separate|same",
    help: "Put server and client in separate process sessions, or the same (default separate)",
  },
  counters: {
    kind: "string",
    value: "auto|always|never",
    help:
      "Count instructions, cycles, page faults and migrations of servers, which adds some CPU time to each " +
      "wake-up (default auto: where instructions can be counted)",
  },
  pin: {
    kind: "string",
    value: "server=0,client=1",
    help: "Confine server and client to these processors; 0,2-3 is for both",
  },
  local: { kind: "boolean", help: "Reach servers over Unix-domain sockets, doors and channels" },
  ipv6: { kind: "boolean", help: "Reach servers over IPv6, at ::1" },
  netns: { kind: "boolean", help: "Measure in a separate network namespace (needs root)" },
  ...placeFlags,
  strict: {
    kind: "boolean",
    help: "Exit with 3 if the machine was too noisy or two accounts disagree",
  },
  "max-time": {
    ...count(0, [0, 24 * HOUR], "End the run after SECONDS", "SECONDS"),
    zero: "no limit",
  },
  "start-limit": count(
    limits.start,
    [1, HOUR],
    "Wait at most SECONDS for a server to start",
    "SECONDS",
  ),
  "request-limit": count(
    limits.request,
    [1, HOUR],
    "Give up a connection after SECONDS without progress",
    "SECONDS",
  ),
  "run-limit": {
    kind: "integer",
    value: "SECONDS",
    min: 1,
    max: 24 * HOUR,
    help: `End a load after SECONDS, and count what it did (default ${MOST_LOAD_SECONDS}, with a ` +
      "budget less)",
  },
  "stop-limit": count(
    limits.stop,
    [1, HOUR],
    "Wait at most SECONDS for a server to end",
    "SECONDS",
  ),
  json: { kind: "boolean", help: "Print events as JSON lines instead of tables" },
} as const satisfies Flags;

/** The values of the flags of the load. */
export type LoadValues = Values<typeof loadFlags>;

/** What a command asks of its plan. */
export interface PlanRequest {
  readonly externals?: Plan["externals"];
  readonly workersBy?: Plan["workersBy"];
  readonly workerHeader?: Plan["workerHeader"];
  readonly sweep?: Plan["sweep"];
  readonly p99?: Plan["p99"];
  /** Rounds with --quick. */
  readonly quickRounds?: number;
}

/** The plan of a run of these designs. Flags on the command line take precedence over --quick. */
export function planOf(
  ids: readonly string[],
  flags: Values<typeof runFlags> & LoadValues,
  given: ReadonlySet<string>,
  {
    externals = [],
    workersBy = [],
    workerHeader = null,
    sweep = null,
    p99 = null,
    quickRounds = 1,
  }: PlanRequest = {},
): Plan {
  if (given.has("rounds") && given.has("budget")) {
    throw new UsageError("Cannot run exact rounds within a budget: leave out --rounds or --budget");
  }
  requireOneEnd(given);
  const { clients, duration = 0, requests, bytes, children, think, rate, quick } = flags;
  const rounds = flags.rounds ?? (quick && !given.has("budget") ? quickRounds : undefined);
  const fewer = quick && duration === 0 && !given.has("connections");
  const names = [...ids, ...externals.map(({ name }) => name)];
  const limits = limitsOf(names, rounds, flags);
  // At a rate a load takes as long as its connections are apart.
  const isCut = fewer && rate === 0 && sweep?.parameter !== "rate" && !given.has("run-limit");
  return makePlan({
    designs: [...ids],
    externals,
    workersBy,
    workerHeader,
    ...(rounds === undefined ? {} : { rounds }),
    connections: fewer ? Math.ceil(QUICK_CONNECTIONS / clients) : flags.connections,
    clients,
    duration,
    requests,
    service: serviceOf(flags.service),
    bytes,
    children,
    think,
    ...variantsOf(ids, flags),
    rate,
    arrivals: arrivalsOf(flags.arrivals, sweep?.parameter === "rate" ? Infinity : rate),
    p99,
    ...timesOf(flags),
    sweep,
    seed: flags.seed ?? randomSeed(),
    sessions: oneOf("sessions", ["separate", "same"], flags.sessions ?? DEFAULTS.sessions),
    counters: oneOf("counters", ["auto", "always", "never"], flags.counters ?? DEFAULTS.counters),
    pin: pinOf(flags.pin),
    netns: flags.netns,
    local: flags.local,
    ipv6: flags.ipv6,
    hosts: placesIn({ ...flags, serverHost: flags["server-host"] }),
    limits: isCut ? { ...limits, run: LEAST_LOAD_SECONDS } : limits,
  });
}

/** Flags of which each says when a load ends. */
const ENDS = ["connections", "run-limit"];

/** @throws {UsageError} if a load is to end in two ways. */
export function requireOneEnd(given: ReadonlySet<string>): void {
  const other = ENDS.find((name) => given.has(name));
  if (!given.has("duration") || other === undefined) return;
  throw new UsageError(
    `Cannot end a load by both --duration and --${other}: leave out one of them`,
  );
}

function limitsOf(
  ids: readonly string[],
  rounds: number | undefined,
  flags: Values<typeof runFlags>,
): Limits {
  const within = limitsWithin(flags.budget, { rounds, designs: ids });
  return {
    start: flags["start-limit"],
    request: flags["request-limit"],
    run: flags["run-limit"] ?? within.run,
    stop: flags["stop-limit"],
    budget: within.budget,
  };
}

/** A random seed. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}

function oneOf<T extends string>(flag: string, all: readonly T[], text: string): T {
  const found = all.find((one) => one === text);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${flag} must be ${all.slice(0, -1).join(", ")} or ${all.at(-1)}, not ${text}`,
  );
}

/** Parses `--pin`, such as "server=0,2-3,client=1"; a list without names is for both sides. */
export function pinOf(text: string | undefined, allowed = affinity()): Plan["pin"] {
  if (text === undefined) return DEFAULTS.pin;
  if (/^[\d,-]+$/.test(text)) {
    const both = processorsOf("pin", text, allowed);
    return { server: both, client: both };
  }
  const sides = new Map<string, number[]>();
  for (const part of text.split(/,(?=[a-z])/)) {
    const [, side, list] = part.match(/^(server|client)=([\d,-]+)$/) ?? [];
    if (side === undefined || sides.has(side)) {
      throw new UsageError(
        `Cannot read --pin: current value is "${text}"; ` +
          "write --pin server=0,client=1, or --pin 0 for both",
      );
    }
    sides.set(side, processorsOf("pin", list!, allowed));
  }
  return { server: sides.get("server") ?? null, client: sides.get("client") ?? null };
}

/** Parses `--name`; null without it. @throws {UsageError} if it cannot be part of a path, or is a design. */
export function runNameOf(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(text)) {
    throw new UsageError(
      `Cannot name a run ${
        JSON.stringify(text)
      }: write --name with up to 64 letters a to z, digits and ._-`,
    );
  }
  if (!findDesign(text)) return text;
  throw new UsageError(`Cannot name a run ${text}: that is a design; write another --name`);
}
