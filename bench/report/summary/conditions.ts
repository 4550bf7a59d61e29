/**
 * The conditions of a run, and its problems, in sentences.
 *
 * @module
 */
import { loadText } from "../../plan/plan.ts";
import { requestTimesText } from "../../plan/service_time.ts";
import type { Environment, Plan } from "../../record/record.ts";
import type { ReportData } from "./report_data.ts";
import { valuesOf } from "./series.ts";
import type { Summary } from "./summary.ts";

/** The warnings of a run. */
export function warningTexts({ warnings }: ReportData): string[] {
  return warnings.map(({ text }) => `Warning: ${text}`);
}

/** How the CPU time agrees with a second account of it. */
export function accounts({ series, run }: ReportData): string {
  return [secondAccount(series), INTERRUPTS.get(run.environment.irqTimeAccounting)]
    .filter((text) => text !== undefined).join(" ");
}

/** Whose CPU time has what the network does in interrupts. */
const INTERRUPTS: ReadonlyMap<boolean | null, string> = new Map([
  [
    false,
    "The kernel adds the time of interrupts to the CPU time of whoever runs: over the loopback interface a part of " +
    "the server's work is in that of its clients, and the other way round.",
  ],
  [
    true,
    "The kernel counts the time of interrupts apart: what the network does in them is in no CPU time here.",
  ],
]);

function secondAccount(series: ReportData["series"]): string {
  const checks = valuesOf(series, "checkDifference");
  if (checks.length === 0) return "CPU time: no second account to check it against.";
  const sources = [...new Set(series.flatMap(({ accounts }) => [...accounts]))].join(", ");
  const agreeing = checks.length - valuesOf(series, "mismatch").length;
  const largest = checks.reduce((largest, one) => Math.max(largest, Math.abs(one)), 0);
  return `CPU time was checked against a second account (${sources}): ${agreeing} of ` +
    `${checks.length} trials agree within 2 %; the largest difference is ${
      (100 * largest).toFixed(1)
    } %.`;
}

/** Problems, load and machines. */
export function conditions(summary: Summary): string[] {
  return [...problems(summary), load(summary), machine(summary), ...hosts(summary)];
}

/** The load. */
export function load({ run: { plan, environment } }: Summary): string {
  const { service, duration, requests, sessions, pin, netns, local, ipv6, seed, steer, policy } =
    plan;
  const { clients, connections, bytes, think, rate, children, ...times } = loadText(plan);
  const all = plan.clients * plan.connections;
  const pinned = (["server", "client"] as const).flatMap((side) =>
    pin[side] ? [`${side} on processors ${pin[side].join(",")}`] : []
  );
  const counted = `Load: ${clients} × ${connections} × ${bytes} (clients × connections × bytes), ` +
    `${all} connections; the baseline: 1 × ${all} × ${bytes}. `;
  const timed = `Load: ${clients} clients for ${duration} s × ${bytes} bytes; the baseline: one. ` +
    `CPU s, process control s and wall s are scaled to ${all} connections. `;
  return (duration > 0 ? timed : counted) +
    (think !== "0"
      ? `Clients wait ${think} ms between connections; the baseline's client does not. `
      : "") +
    (rate !== "0"
      ? `An open loop: ${rate} requests a second are due, ${
        plan.arrivals === "even" ? "evenly" : "at random (a Poisson process)"
      }, whatever the server answers, on up to ${clients} connections at a time; latency is from when they were ` +
        "due. The baseline's client waits for its replies. "
      : "") +
    (requests > 1
      ? (rate === "0"
        ? "Each request on a connection begins when the reply before has arrived. "
        : "") +
        "Latency is that of a request. "
      : "") +
    (requestTimesText(plan, times)?.concat(" ") ?? "") +
    (service === "http" ? "The service is HTTP. " : "") +
    `${children} children per pool. ` +
    (steer === "hash" ? "" : `${STEERED[steer]} `) +
    (policy === "lowest-free" ? "" : `${PASSED[policy]} `) +
    `Server and client in ${sessions === "same" ? "the same session" : "separate sessions"}` +
    `${pinned.map((place) => `, ${place}`).join("")}` +
    `${netns ? "; in a separate network namespace" : ""}` +
    `${ipv6 || !local && environment.loopback === "::1" ? "; over IPv6" : ""}` +
    `${local ? "; local transports, not TCP" : ""}; seed ${seed}.`;
}

/** How connections came to sockets that share a port. */
const STEERED: Record<Exclude<Plan["steer"], "hash">, string> = {
  cpu:
    "Where each child has a socket of its own, the processor that a connection arrives at chooses the child.",
  random: "Where each child has a socket of its own, connections are dealt at random.",
};

/** Which child got a connection that was passed on. */
const PASSED: Record<Exclude<Plan["policy"], "lowest-free">, string> = {
  "round-robin": "Where the parent passes connections on, free children get them in turn.",
  "least-connections":
    "Where the parent passes connections on, the free child with the fewest so far gets it.",
};

/** The machine. */
export function machine({ run: { environment, herd, startedAt } }: Summary): string {
  const { system, kernel, architecture, libc, deno, v8 } = environment;
  return `Machine: ${system} ${kernel} ${architecture}, ${processorsText(environment)}` +
    `${libc === null ? "" : `, ${libc}`}; Deno ${deno}, V8 ${v8}; Herd ${herd}, ${startedAt}.`;
}

/** The other machines, those that are alike together. */
export function hosts({ run: { hosts, plan } }: Summary): string[] {
  const alike = Map.groupBy(hosts, ({ part, environment }) => {
    const { system, kernel, architecture, deno } = environment;
    return `${part} on {hosts}, over ${plan.hosts?.via.split(" ")[0]}: ${system} ${kernel} ` +
      `${architecture}, ${processorsText(environment)}; Deno ${deno}.`;
  });
  return [...alike].map(([text, same]) =>
    // The first letter is that of a sentence.
    text.replace(/^./, (letter) => letter.toUpperCase())
      .replace("{hosts}", same.map(({ host }) => host).join(", "))
  );
}

/** The processors that a run could use, such as "2 × Example CPU" or "1 of 2 × Example CPU, CPU quota 0.5". */
export function processorsText({ processors, online, cpu, quota }: Environment): string {
  const all = online !== null && online > processors ? ` of ${online}` : "";
  return `${processors}${all} × ${cpu ?? "unknown CPU"}` +
    (quota === null ? "" : `, CPU quota ${quota.processors}`);
}

/** Failures, and reasons why results are missing. */
export function problems({ run, designs, recordedTrials }: Summary): string[] {
  const { fork } = run.environment;
  const planned = run.plan.trials.length;
  return [
    ...(designs.some(({ n }) => n > 0) ? [] : ["No valid trials: there is nothing to report."]),
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
