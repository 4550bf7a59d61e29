/**
 * Under which conditions a run was measured, and what went wrong.
 *
 * @module
 */
import { loadText } from "../plan.ts";
import type { Recorded } from "../record.ts";
import type { Summary } from "./summary.ts";
import { warningsOf } from "./warnings.ts";

/** What makes the figures doubtful, in sentences. */
export function warnings(recorded: Recorded): string[] {
  return warningsOf(recorded).map(({ text }) => `Warning: ${text}`);
}

/** Under which conditions a run was measured, and what went wrong. */
export function conditions(summary: Summary): string[] {
  return [...problems(summary), load(summary), machine(summary)];
}

/** The load, in a sentence. */
export function load({ run: { plan } }: Summary): string {
  const { sessions, pin, netns, seed } = plan;
  const { clients, connections, bytes, think, children } = loadText(plan);
  const all = plan.clients * plan.connections;
  const pinned = (["server", "client"] as const).flatMap((side) =>
    pin[side] ? [`${side} on processors ${pin[side].join(",")}`] : []
  );
  return `Load: ${clients} × ${connections} × ${bytes} (clients × connections × bytes), ` +
    `${all} connections; the baseline's: 1 × ${all} × ${bytes}. ` +
    (think !== "0"
      ? `Clients wait ${think} ms between connections, the baseline's does not. `
      : "") +
    `${children} children in a pool. ` +
    `Server and client in ${sessions === "same" ? "the same session" : "separate sessions"}` +
    `${pinned.map((place) => `, ${place}`).join("")}` +
    `${netns ? "; in a network namespace of its own" : ""}; seed ${seed}.`;
}

/** The machine, in a sentence. */
export function machine({ run: { environment, herd, startedAt } }: Summary): string {
  const { system, kernel, architecture, processors, cpu, libc, deno, v8 } = environment;
  return `Machine: ${system} ${kernel} ${architecture}, ${processors} × ${cpu ?? "unknown CPU"}` +
    `${libc === null ? "" : `, ${libc}`}; Deno ${deno}, V8 ${v8}; Herd ${herd}, ${startedAt}.`;
}

/** What is to be known before any figure is believed. */
export function problems({ run, designs, recordedTrials }: Summary): string[] {
  const { fork } = run.environment;
  const planned = run.plan.trials.length;
  return [
    ...(designs.some(({ n }) => n > 0) ? [] : ["No trial counts: there is nothing to report."]),
    ...(run.complete ? [] : [`Incomplete: ${recordedTrials} of ${planned} trials were run.`]),
    ...(fork.works ? [] : [`fork(2) does not work here: ${fork.reason ?? "no reason recorded"}.`]),
    ...designs.flatMap(({ id, failures }) =>
      failures.map(({ reason, rounds }) =>
        `Failed, not counted: ${id} in ${rounds.length === 1 ? "round" : "rounds"} ` +
        `${rounds.join(", ")}: ${reason}`
      )
    ),
  ];
}
