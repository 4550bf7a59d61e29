/**
 * Flags that the commands which measure have in common, and the plan that follows from them.
 *
 * @module
 */
import { type Flags, processorsOf, type Values } from "./flags.ts";
import { requireDesign } from "../../servers/designs.ts";
import { UsageError } from "../../servers/errors.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { DEFAULTS, makePlan } from "../plan/plan.ts";
import type { Plan } from "../record/record.ts";

/** A flag with a whole number. */
export const count = (
  value: number,
  [min, max]: readonly [number, number],
  help: string,
  unit = "N",
) => ({ kind: "integer", value: unit, default: value, min, max, help } as const);

const MIB = 1024 * 1024;
const HOUR = 3600;

/** What a trial is made of, each a whole number. */
export const loadFlags = {
  clients: count(DEFAULTS.clients, [1, 1000], "clients at the same time"),
  connections: count(DEFAULTS.connections, [1, 1_000_000], "connections each client makes"),
  bytes: count(DEFAULTS.bytes, [1, 16 * MIB], "bytes asked for on each connection"),
  children: count(DEFAULTS.children, [1, 1000], "children of a pool"),
  think: count(DEFAULTS.think, [0, 60_000], "what a client waits between connections", "MS"),
} as const satisfies Flags;

const { limits } = DEFAULTS;

/** How a run goes about it. */
export const runFlags = {
  rounds: count(DEFAULTS.rounds, [1, 1000], "rounds: each runs every design once, in random order"),
  seed: { kind: "string", value: "N", help: "seed of that order (default: a random one)" },
  output: { kind: "string", value: "DIR", help: "folder for the record (default results/TIME)" },
  quick: { kind: "boolean", help: "one round of 500 connections in all" },
  sessions: {
    kind: "string",
    value: "separate|same",
    help: "process sessions of server and client, which the scheduler groups by (default separate)",
  },
  pin: { kind: "string", value: "server=0,client=1", help: "confine them to these processors" },
  local: { kind: "boolean", help: "reach servers over Unix-domain sockets; doors among them" },
  netns: { kind: "boolean", help: "measure in a network namespace of its own (as root)" },
  strict: { kind: "boolean", help: "exit 3 where the machine was too noisy, or accounts disagree" },
  "max-time": { ...count(0, [0, 24 * HOUR], "end after that time, 0: never", "SECONDS") },
  "start-limit": count(limits.start, [1, HOUR], "how long a server may take to start", "SECONDS"),
  "request-limit": count(
    limits.request,
    [1, HOUR],
    "how long a connection may stand still",
    "SECONDS",
  ),
  "run-limit": count(limits.run, [1, 24 * HOUR], "how long a load may take", "SECONDS"),
  "stop-limit": count(limits.stop, [1, HOUR], "how long a server may take to end", "SECONDS"),
  "design-limit": count(
    limits.design,
    [0, 24 * HOUR],
    "no more rounds of a design whose loads took that long, 0: always",
    "SECONDS",
  ),
  json: { kind: "boolean", help: "events as JSON lines instead of tables" },
} as const satisfies Flags;

const QUICK_CONNECTIONS = 500;

/** The designs of a list of ids. @throws {UsageError} if there is no such design. */
export function designsOf(list: string): string[] {
  return list.split(",").map((id) => requireDesign(id.trim()).id);
}

/** The load of a run. */
export type LoadValues = Values<typeof loadFlags>;

/** The plan of a run of those designs. Flags that were written win over what --quick stands for. */
export function planOf(
  designs: readonly string[],
  flags: Values<typeof runFlags> & LoadValues,
  given: ReadonlySet<string>,
  sweep: Plan["sweep"] = null,
): Plan {
  const { clients, bytes, children, think } = flags;
  const quick = (name: "rounds" | "connections", value: number) =>
    flags.quick && !given.has(name) ? value : flags[name];
  return makePlan({
    designs: [...designs],
    rounds: quick("rounds", 1),
    connections: quick("connections", Math.ceil(QUICK_CONNECTIONS / clients)),
    clients,
    bytes,
    children,
    think,
    sweep,
    seed: seedOf(flags.seed),
    sessions: sessionsOf(flags.sessions),
    pin: pinOf(flags.pin),
    netns: flags.netns,
    local: flags.local,
    limits: {
      start: flags["start-limit"],
      request: flags["request-limit"],
      run: flags["run-limit"],
      stop: flags["stop-limit"],
      design: given.has("rounds") && !given.has("design-limit") ? 0 : flags["design-limit"],
    },
  });
}

const SEEDS = 2 ** 32;

/** Reads `--seed`; without it a random one. */
export function seedOf(text: string | undefined): number {
  if (text === undefined) return crypto.getRandomValues(new Uint32Array(1))[0]!;
  const seed = /^\d+$/.test(text) ? Number(text) : NaN;
  if (seed < SEEDS) return seed;
  throw new UsageError(
    `Cannot read --seed as a number: current value is "${text}"; write --seed 0 to ${SEEDS - 1}`,
  );
}

function sessionsOf(text = DEFAULTS.sessions as string): Plan["sessions"] {
  if (text === "separate" || text === "same") return text;
  throw new UsageError(
    `Cannot read --sessions: current value is "${text}"; write --sessions separate or same`,
  );
}

/** Reads `--pin`: "server=0,2-3,client=1" has processors of a side up to the next name. */
export function pinOf(text: string | undefined, allowed = affinity()): Plan["pin"] {
  if (text === undefined) return DEFAULTS.pin;
  const sides = new Map<string, number[]>();
  for (const part of text.split(/,(?=[a-z])/)) {
    const [, side, list] = part.match(/^(server|client)=([\d,-]+)$/) ?? [];
    if (side === undefined || sides.has(side)) {
      throw new UsageError(
        `Cannot read --pin: current value is "${text}"; write --pin server=0,client=1`,
      );
    }
    sides.set(side, processorsOf("pin", list!, allowed));
  }
  return { server: sides.get("server") ?? null, client: sides.get("client") ?? null };
}
