/**
 * Command: run the designs, record the run, print the book's two tables.
 *
 * @module
 */
import {
  type Command,
  Exit,
  type Parsed,
  printEvent,
  printLine,
  requireDesign,
  runCommand,
  UsageError,
} from "../servers/cli.ts";
import { designs } from "../servers/designs.ts";
import { proveFork } from "../servers/posix/fork.ts";
import { dieWithParent, getppid } from "../servers/posix/processes.ts";
import { Signal } from "../servers/posix/signals.ts";
import config from "../deno.json" with { type: "json" };
import { readEnvironment } from "./environment.ts";
import { makePlan } from "./plan.ts";
import { textProgress } from "./progress.ts";
import { type Plan, type Run, SCHEMA_VERSION, type Trial } from "./record.ts";
import { renderTerminal } from "./report/derive.ts";
import { runPlan } from "./run.ts";
import { Store } from "./store.ts";
import { terminalOptions } from "./terminal.ts";
import { runTrial } from "./trial.ts";

const count = (
  value: number,
  [min, max]: readonly [number, number],
  help: string,
) => ({ kind: "integer", value: "N", default: value, min, max, help } as const);

const flags = {
  designs: { kind: "string", value: "A,B", help: "designs to run (default: the book's)" },
  all: { kind: "boolean", help: "run every design, also those beyond the book" },
  clients: count(10, [1, 1000], "clients at the same time"),
  connections: count(500, [1, 1_000_000], "connections each client makes"),
  bytes: count(4000, [1, 16 * 1024 * 1024], "bytes asked for on each connection"),
  children: count(15, [1, 1000], "children of a pool"),
  rounds: count(7, [1, 1000], "rounds: each runs every design once, in random order"),
  seed: { kind: "string", value: "N", help: "seed of that order (default: a random one)" },
  output: { kind: "string", value: "DIR", help: "folder for the record (default results/TIME)" },
  quick: { kind: "boolean", help: "one round of 500 connections in all" },
  book: { kind: "boolean", help: "show the book's Table 30.2 beside ours" },
  json: { kind: "boolean", help: "events as JSON lines instead of tables" },
} as const;

const command: Command<typeof flags> = {
  name: "bench",
  operands: "",
  description:
    "Run server designs under the book's load: what process control costs (Table 30.1) " +
    "and\nhow clients spread over children (Table 30.2).",
  flags,
};

async function bench(parsed: Parsed<typeof flags>): Promise<number> {
  const { flags } = parsed;
  const plan = planOf(parsed);
  dieWithParent(getppid(), Signal.TERM);
  const interrupt = interrupted();
  const startedAt = new Date().toISOString();
  const folder = flags.output ?? `results/${startedAt.slice(0, 19).replaceAll(":", "-")}Z`;
  const run: Run = {
    schema: SCHEMA_VERSION,
    herd: config.version,
    startedAt,
    endedAt: null,
    complete: false,
    plan,
    environment: readEnvironment(proveFork()),
  };
  using store = new Store(folder, run);
  if (flags.json) printEvent({ event: "run", folder, plan });
  else announce(plan, folder);

  const failed: Trial[] = [];
  const record = (trial: Trial) => {
    store.add(trial);
    if (trial.status === "failed") failed.push(trial);
  };
  const progress = flags.json
    ? {
      started: () => {},
      ended: (trial: Trial) => printEvent({ event: "trial", ...trial }),
    }
    : textProgress(plan);
  const complete = await runPlan(plan, runTrial, record, progress, interrupt);
  store.writeRun({ ...run, complete, endedAt: new Date().toISOString() });
  const recorded = store.derive();
  if (flags.json) printEvent({ event: "done", folder, complete, failed: failed.length });
  else printLine(`\n${renderTerminal(recorded, { ...terminalOptions(), book: flags.book })}`);
  if (!complete) {
    console.error(`bench: interrupted; what was measured is in ${folder}`);
    return Exit.interrupted;
  }
  if (!flags.json) printLine(`Recorded in ${folder}`);
  return failed.length > 0 ? Exit.failed : Exit.fine;
}

function planOf({ operands, flags, given }: Parsed<typeof command.flags>): Plan {
  if (operands.length > 0) {
    throw new UsageError(`Unexpected "${operands[0]}": write --designs ${operands.join(",")}`);
  }
  if (flags.designs !== undefined && flags.all) {
    throw new UsageError("Cannot run both --designs and --all: write one of them");
  }
  const quick = flags.quick ? { rounds: 1, connections: Math.ceil(500 / flags.clients) } : {};
  const explicit = Object.fromEntries(
    (["rounds", "connections"] as const).filter((name) => given.has(name))
      .map((name) => [name, flags[name]]),
  );
  const { clients, connections, bytes, children, rounds } = flags;
  return makePlan({
    designs: chosen(flags),
    ...{ rounds, connections },
    ...quick,
    ...explicit,
    seed: seedOf(flags.seed),
    clients,
    bytes,
    children,
    sessions: "separate",
  });
}

function chosen({ designs: list, all }: { designs: string | undefined; all: boolean }): string[] {
  if (list !== undefined) return list.split(",").map((id) => requireDesign(id.trim()).id);
  return designs.filter(({ row }) => all || row !== undefined).map(({ id }) => id);
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

function announce(
  { designs, rounds, clients, connections, bytes, children, seed }: Plan,
  folder: string,
) {
  console.error(
    `${designs.length} designs × ${rounds} ${rounds === 1 ? "round" : "rounds"}, ` +
      `${clients} clients × ${connections} connections × ${bytes} bytes, ${children} children, ` +
      `seed ${seed}; recorded in ${folder}`,
  );
}

/** Aborts at SIGINT (^C), SIGTERM or SIGHUP. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  return controller.signal;
}

if (import.meta.main) Deno.exit(await runCommand(command, Deno.args, bench));
