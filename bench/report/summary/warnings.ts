/**
 * Reasons to doubt the results of a run: a noisy machine, or CPU accounts that disagree. Computed from the
 * record alone.
 *
 * @module
 */
import { serverMachine } from "./server_machine.ts";
import { droppedTexts } from "./drops.ts";
import { nameOf } from "../../plan/plan.ts";
import type { Environment, Plan, Run } from "../../record/types.ts";
import { mad, median } from "../../statistics/median.ts";
import { shortageText } from "./shortages.ts";
import { type Figure, type Series, valuesOf } from "./series.ts";

/** A warning. */
export interface Warning {
  /** The observation and the remedy. */
  readonly text: string;
  /** Whether the results are too noisy for `--strict`. */
  readonly isNoise: boolean;
}

/** Share of processor time used by other processes above which to warn. */
export const OTHERS_SHARE = 0.1;

/** The same for steal time, which delays a trial and appears in no account. */
export const STEAL_SHARE = 0.01;

/** Share of the time of the trials for which a CPU quota may stop processes without a warning. */
const THROTTLED_SHARE = 0.01;

/** Load average per processor above which a machine is busy at the start of a run. */
export const BUSY_LOAD = 0.5;

/** MAD, as a share of the median, above which a design's rounds vary too much. */
const WIDE_SPREAD = 0.1;
const MIN_ROUNDS_FOR_SPREAD = 3;

/** Share of a load by which its hosts may start apart without a warning. */
const SKEW_SHARE = 0.05;

/** Share of its time for which the one process of an open loop may be busy. */
const BUSY_CLIENT = 0.9;

/** Share of its requests that may be late without a warning. */
const LATE_SHARE = 0.01;

/** The warnings of a run, the weightiest first. */
export function warningsOf(run: Run, series: readonly Series[]): Warning[] {
  return [
    ...accountMismatches(series, run.plan.sweep),
    ...throttling(series, serverMachine(run)),
    ...suspended(series, run.plan.sweep),
    ...shortages(series, run.plan.sweep),
    ...droppedTexts(series, run).map(noise),
    ...otherLoad(series, serverMachine(run)),
    ...openLoops(series, run.plan.sweep),
    ...wideSpreads(series, run.plan.sweep),
    ...skewed(series, run.plan.sweep),
    ...atStart(run),
    ...traffic(series),
    ...threads(series),
    ...lesserAccount(series),
  ];
}

/** The warnings that are known before the first trial. */
export function atStart(run: Run): Warning[] {
  const { plan } = run;
  const environment = serverMachine(run);
  return [...busyAtStart(environment), ...governor(environment), ...timeWaits(environment, plan)];
}

function noise(text: string): Warning {
  return { text, isNoise: true };
}

function busyAtStart({ loadAverage, processors, online }: Environment): Warning[] {
  // The load of the whole machine says nothing of some of its processors.
  if (online !== null && processors < online) return [];
  const load = loadAverage?.[0] ?? 0;
  if (load <= BUSY_LOAD * processors) return [];
  return [noise(
    `The machine was busy at the start of the run: load average ${
      load.toFixed(1)
    } on ${processors} ` +
      "processors. Stop other processes and measure again.",
  )];
}

function throttling(series: readonly Series[], { quota }: Environment): Warning[] {
  const stopped = sumOf(series, "throttledSeconds");
  const seconds = sumOf(series, "loadSeconds");
  if (quota === null || stopped <= THROTTLED_SHARE * seconds) return [];
  return [noise(
    `The CPU quota of ${quota.processors} processors (${quota.file}) stopped processes for ${
      stopped.toFixed(2)
    } s (throttled time, summed over processors) in trials of ${seconds.toFixed(2)} s. Raise the ` +
      "quota, or measure without one.",
  )];
}

function suspended(series: readonly Series[], sweep: Plan["sweep"]): Warning[] {
  const still = series.flatMap((one) => {
    const rounds = one.column("round");
    return one.column("suspendedSeconds").map((seconds, i) => ({
      one,
      round: rounds[i]!,
      seconds,
    }));
  }).filter(({ seconds }) => seconds > 0).toSorted((a, b) => a.round - b.round);
  if (still.length === 0) return [];
  const named = still.map(({ one, round, seconds }) =>
    `${nameOf(one, sweep)} in round ${round} (${seconds.toFixed(1)} s)`
  );
  return [noise(
    `The machine was suspended, or a program stopped, during trials: ${named.join(", ")}. Their ` +
      "throughput and latency are wrong. Measure again.",
  )];
}

function shortages(series: readonly Series[], sweep: Plan["sweep"]): Warning[] {
  const named = series.flatMap((one) => {
    const count = sumOf([one], "shortages");
    return count === 0 ? [] : [`${nameOf(one, sweep)} ${shortageText({ count, first: one.lack })}`];
  });
  if (named.length === 0) return [];
  return [noise(
    `Servers lacked something during trials: ${named.join("; ")}. What was measured is that limit.`,
  )];
}

function otherLoad(
  series: readonly Series[],
  { processors, irqTimeAccounting }: Environment,
): Warning[] {
  const all = sum(
    series.flatMap((one) => {
      const known = one.column("processors");
      return one.column("loadSeconds").map((seconds, i) => seconds * (known[i]! || processors));
    }).filter((seconds) => !Number.isNaN(seconds)),
  );
  if (all === 0) return [];
  const steal = sumOf(series, "stealSeconds") / all;
  // Interrupts that are counted apart are in no process' time: those of the network are the load's.
  const interrupts = irqTimeAccounting ? sumOf(series, "softirqSeconds") : 0;
  const others = (sumOf(series, "othersSeconds") - interrupts) / all;
  return [
    ...(steal > STEAL_SHARE
      ? [noise(
        `The hypervisor took ${
          percent(steal)
        } of the processor time (steal): other virtual machines on this ` +
          "host are busy. Measure again at another time.",
      )]
      : []),
    ...(others > OTHERS_SHARE
      ? [noise(
        `Other processes used ${
          percent(others)
        } of the processor time during the trials. Stop them and ` +
          "measure again.",
      )]
      : []),
  ];
}

function wideSpreads(series: readonly Series[], sweep: Plan["sweep"]): Warning[] {
  const wide = series.flatMap((one) => {
    const costs = valuesOf([one], "cpu");
    const spread = costs.length < MIN_ROUNDS_FOR_SPREAD ? 0 : mad(costs) / median(costs);
    return spread > WIDE_SPREAD ? [`${nameOf(one, sweep)} (MAD ${percent(spread)})`] : [];
  });
  if (wide.length === 0) return [];
  return [noise(
    `Rounds vary widely: ${
      wide.join(", ")
    }. Use more --rounds for a more reliable median, or an idle ` +
      "machine for less variation.",
  )];
}

/** Loads in which a host began so late that for a part of the load fewer clients ran. */
function skewed(series: readonly Series[], sweep: Plan["sweep"]): Warning[] {
  const late = series.flatMap((one) => {
    const shares = one.column("skewShare").filter((share) => share > SKEW_SHARE);
    const most = percent(shares.reduce((most, share) => Math.max(most, share), 0));
    return shares.length === 0
      ? []
      : [`${nameOf(one, sweep)} (${shares.length} of ${one.n} trials, up to ${most} of the load)`];
  });
  if (late.length === 0) return [];
  return [noise(
    `Hosts did not start at the same time: ${late.join(", ")}. ` +
      "Make more --connections, or leave out busy hosts.",
  )];
}

/** Loads that did not send at their rate. */
function openLoops(series: readonly Series[], sweep: Plan["sweep"]): Warning[] {
  const named = (figure: Figure, most: number) =>
    series.filter((one) => valuesOf([one], figure).some((share) => share > most))
      .map((one) => nameOf(one, sweep));
  const busy = named("openLoopBusyShare", BUSY_CLIENT);
  const full = named("openLoopLateShare", LATE_SHARE);
  return [
    ...(busy.length > 0
      ? [noise(
        `The client was busy for more than ${
          percent(BUSY_CLIENT)
        } of the time and could not send faster: ` +
          `${busy.join(", ")}. Its rate and latency are the client's limit. Use a lower --rate.`,
      )]
      : []),
    ...(full.length > 0
      ? [{
        text:
          `Requests were started late, or not at all, because all connections were in use: ${
            full.join(", ")
          }. ` +
          "The time they waited is in their latency. Use more --clients to have more connections at a time.",
        isNoise: false,
      }]
      : []),
  ];
}

function accountMismatches(series: readonly Series[], sweep: Plan["sweep"]): Warning[] {
  const odd = series.flatMap((one) => {
    const differences = valuesOf([one], "mismatch");
    if (differences.length === 0) return [];
    const worst = differences.reduce((a, b) => Math.abs(a) > Math.abs(b) ? a : b);
    const trials = `${differences.length} ${differences.length === 1 ? "trial" : "trials"}`;
    return [`${nameOf(one, sweep)} (${trials}, up to ${percent(worst)})`];
  });
  if (odd.length === 0) return [];
  return [noise(
    `CPU time differs by more than 2 % from a second account: ${odd.join(", ")}. ` +
      "Do not rely on these results.",
  )];
}

function lesserAccount(series: readonly Series[]): Warning[] {
  if (!series.some(({ accounts }) => accounts.has("schedstat"))) return [];
  return [{
    text:
      "CPU time was checked by the scheduler's statistics and not by a cgroup, which no process could " +
      "be put into here. Run as root, or prefix the command " +
      "with systemd-run --user --scope --property=Delegate=yes.",
    isNoise: false,
  }];
}

function traffic(series: readonly Series[]): Warning[] {
  const foreign = sumOf(series, "otherTraffic");
  if (foreign === 0) return [];
  return [{
    text:
      `The kernel accepted ${foreign} ${
        foreign === 1 ? "connection" : "connections"
      } of other programs during the trials. Use --netns ` +
      "(as root) to measure in a separate network namespace.",
    isNoise: false,
  }];
}

/** Of a trial that makes more connections than the kernel keeps in TIME_WAIT. */
function timeWaits({ timeWaitLimit }: Environment, { local, hosts, trials }: Plan): Warning[] {
  // Clients keep it, and those of several hosts share the connections.
  const most = local || hosts !== null ? 0 : trials.reduce(
    (most, { load }) => Math.max(most, load.clients * load.connections),
    0,
  );
  if (timeWaitLimit === null || most <= timeWaitLimit) return [];
  return [{
    text:
      `A trial makes ${most} connections, and the kernel keeps only ${timeWaitLimit} in TIME_WAIT: the ` +
      `others cost less than usual. Run: sysctl -w net.ipv4.tcp_max_tw_buckets=${most}.`,
    isNoise: false,
  }];
}

function threads(series: readonly Series[]): Warning[] {
  if (!series.some(({ makings }) => makings.has("worker"))) return [];
  return [{
    text:
      "The clients were threads (Workers), since fork does not work here: their CPU time is that of " +
      "threads. Compare only with runs of which that is true.",
    isNoise: false,
  }];
}

function governor({ governor }: Environment): Warning[] {
  if (governor === null || governor === "performance") return [];
  return [{
    text:
      `The processors' clock rate depends on the load (governor ${governor}), so CPU seconds are not ` +
      "comparable. Run: cpupower frequency-set --governor performance.",
    isNoise: false,
  }];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
}

function sumOf(series: readonly Series[], figure: Figure): number {
  return sum(valuesOf(series, figure));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
