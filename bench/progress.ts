/**
 * What bench says while it runs, on standard error: a line a trial, and on a terminal which one is
 * under way.
 *
 * @module
 */
import { dim, red } from "@std/fmt/colors";
import { nameOf } from "./plan.ts";
import type { Plan, Trial } from "./record.ts";
import type { Observer } from "./run.ts";
import type { Planned } from "./trial.ts";

/** Progress as text. */
export function textProgress(plan: Plan): Observer {
  const { rounds, sweep } = plan;
  const live = Deno.stderr.isTerminal();
  const width = Math.max(...plan.trials.map((trial) => nameOf(trial, sweep).length));
  const head = (trial: Planned | Trial) =>
    `round ${String(trial.round).padStart(String(rounds).length)}/${rounds}  ` +
    `${nameOf(trial, sweep).padEnd(width)}  `;
  return {
    started: (planned) => {
      if (live) write(`${head(planned)}${dim("…")}`);
    },
    noted: (text) => write(`${live ? "\r\x1b[K" : ""}${text}\n`),
    ended: (trial) => write(`${live ? "\r\x1b[K" : ""}${head(trial)}${outcome(trial)}\n`),
  };
}

function outcome({ status, reason, cpu, client }: Trial): string {
  if (status !== "ok") return red(`${status === "dnf" ? "DNF" : status}: ${reason}`);
  return `${cpu!.total.toFixed(3).padStart(8)} s CPU ${
    client!.connectionsPerSecond.toFixed(0).padStart(7)
  } connections/s`;
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
