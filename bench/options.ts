/**
 * Flags that the commands which measure have in common, and the plan that follows from them.
 *
 * @module
 */
import { type Flags, UsageError, type Values } from "../servers/cli.ts";
import { makePlan } from "./plan.ts";
import type { Plan } from "./record.ts";

const count = (
  value: number,
  [min, max]: readonly [number, number],
  help: string,
) => ({ kind: "integer", value: "N", default: value, min, max, help } as const);

/** The common flags. */
export const runFlags = {
  clients: count(10, [1, 1000], "clients at the same time"),
  connections: count(500, [1, 1_000_000], "connections each client makes"),
  bytes: count(4000, [1, 16 * 1024 * 1024], "bytes asked for on each connection"),
  children: count(15, [1, 1000], "children of a pool"),
  rounds: count(7, [1, 1000], "rounds: each runs every design once, in random order"),
  seed: { kind: "string", value: "N", help: "seed of that order (default: a random one)" },
  output: { kind: "string", value: "DIR", help: "folder for the record (default results/TIME)" },
  quick: { kind: "boolean", help: "one round of 500 connections in all" },
  json: { kind: "boolean", help: "events as JSON lines instead of tables" },
} as const satisfies Flags;

const QUICK_CONNECTIONS = 500;

/** The plan of a run of those designs. Flags that were written win over what --quick stands for. */
export function planOf(
  designs: readonly string[],
  flags: Values<typeof runFlags>,
  given: ReadonlySet<string>,
): Plan {
  const { clients, bytes, children } = flags;
  const quick = (name: "rounds" | "connections", value: number) =>
    flags.quick && !given.has(name) ? value : flags[name];
  return makePlan({
    designs: [...designs],
    rounds: quick("rounds", 1),
    connections: quick("connections", Math.ceil(QUICK_CONNECTIONS / clients)),
    clients,
    bytes,
    children,
    seed: seedOf(flags.seed),
    sessions: "separate",
  });
}

const SEEDS = 2 ** 32;

function seedOf(text: string | undefined): number {
  if (text === undefined) return crypto.getRandomValues(new Uint32Array(1))[0]!;
  const seed = /^\d+$/.test(text) ? Number(text) : NaN;
  if (seed < SEEDS) return seed;
  throw new UsageError(
    `Cannot read --seed as a number: current value is "${text}"; write --seed 0 to ${SEEDS - 1}`,
  );
}
