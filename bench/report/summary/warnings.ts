/**
 * Reasons to doubt the results of a run: a noisy machine, or CPU accounts that disagree. Computed from the
 * record alone.
 *
 * @module
 */
import { droppedTexts } from "./drops.ts";
import { nameOf } from "../../plan/plan.ts";
import type { Environment, Machine, Plan, Recorded, Run, Trial } from "../../record/types.ts";
import { mad, median } from "../../statistics/median.ts";
import { shortageText } from "./shortages.ts";

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

/** The warnings of a run, the weightiest first. */
export function warningsOf({ run, trials }: Recorded): Warning[] {
  const ok = trials.filter(({ status }) => status === "ok");
  return [
    ...accountMismatches(ok, run.plan.sweep),
    ...throttling(ok, run.environment),
    ...suspended(ok, run.plan.sweep),
    ...shortages(ok, run.plan.sweep),
    ...droppedTexts(trials, run).map(noise),
    ...otherLoad(ok, run.environment.processors),
    ...wideSpreads(ok, run.plan.sweep),
    ...atStart(run),
    ...traffic(ok),
    ...threads(ok),
    ...lesserAccount(ok),
  ];
}

/** The warnings that are known before the first trial. */
export function atStart({ environment, plan }: Run): Warning[] {
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

/** A trial with processor times. */
type Observed = Trial & { readonly machine: Machine };

function isObserved(trial: Trial): trial is Observed {
  return trial.machine !== null;
}

function throttling(trials: readonly Trial[], { quota }: Environment): Warning[] {
  const observed = trials.filter(isObserved);
  const stopped = sum(observed, ({ machine }) => machine.throttledSeconds ?? 0);
  const seconds = sum(observed, ({ machine }) => machine.seconds);
  if (quota === null || stopped <= THROTTLED_SHARE * seconds) return [];
  return [noise(
    `The CPU quota of ${quota.processors} processors (${quota.file}) stopped processes for ${
      stopped.toFixed(2)
    } s (throttled time, summed over processors) in trials of ${seconds.toFixed(2)} s. Raise the ` +
      "quota, or measure without one.",
  )];
}

function suspended(trials: readonly Trial[], sweep: Plan["sweep"]): Warning[] {
  const still = trials.filter(({ machine }) => (machine?.suspendedSeconds ?? 0) > 0);
  if (still.length === 0) return [];
  const named = still.map((trial) =>
    `${nameOf(trial, sweep)} in round ${trial.round} (${
      trial.machine!.suspendedSeconds!.toFixed(1)
    } s)`
  );
  return [noise(
    `The machine was suspended, or a program stopped, during trials: ${named.join(", ")}. Their ` +
      "throughput and latency are wrong. Measure again.",
  )];
}

function shortages(trials: readonly Trial[], sweep: Plan["sweep"]): Warning[] {
  const short = trials.filter((trial) => (trial.shortages?.count ?? 0) > 0);
  if (short.length === 0) return [];
  const named = groups(short, sweep).map(([id, same]) => {
    const count = sum(same, ({ shortages }) => shortages!.count);
    return `${id} ${shortageText({ count, first: same[0]!.shortages!.first })}`;
  });
  return [noise(
    `Servers lacked something during trials: ${named.join("; ")}. What was measured is that limit.`,
  )];
}

function otherLoad(trials: readonly Trial[], processors: number): Warning[] {
  const observed = trials.filter(isObserved);
  const all = sum(observed, ({ machine }) => machine.seconds * (machine.processors ?? processors));
  if (all === 0) return [];
  const steal = sum(observed, ({ machine }) => machine.stealSeconds ?? 0) / all;
  const others = sum(observed, othersOf) / all;
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

/** Seconds the processors spent outside Herd. Counted in ticks, so it may be negative. */
function othersOf({ machine, cpu, client }: Observed): number {
  if (machine.busySeconds === null) return 0;
  const ours = (cpu?.total ?? 0) + (client?.cpu.total ?? 0) + (machine.ownSeconds ?? 0);
  return machine.busySeconds - ours;
}

function wideSpreads(trials: readonly Trial[], sweep: Plan["sweep"]): Warning[] {
  const wide = groups(trials, sweep).flatMap(([id, same]) => {
    const costs = same.flatMap(({ cpu }) => cpu ? [cpu.total] : []);
    const spread = costs.length < MIN_ROUNDS_FOR_SPREAD ? 0 : mad(costs) / median(costs);
    return spread > WIDE_SPREAD ? [`${id} (MAD ${percent(spread)})`] : [];
  });
  if (wide.length === 0) return [];
  return [noise(
    `Rounds vary widely: ${
      wide.join(", ")
    }. Use more --rounds for a more reliable median, or an idle ` +
      "machine for less variation.",
  )];
}

function accountMismatches(trials: readonly Trial[], sweep: Plan["sweep"]): Warning[] {
  const odd = groups(trials.filter(({ check }) => check?.agrees === false), sweep).map(
    ([id, same]) => {
      const worst = same.map(({ check }) => check!.difference ?? Infinity)
        .reduce((a, b) => Math.abs(a) > Math.abs(b) ? a : b);
      return `${id} (${same.length} ${same.length === 1 ? "trial" : "trials"}, up to ${
        percent(worst)
      })`;
    },
  );
  if (odd.length === 0) return [];
  return [noise(
    `CPU time differs by more than 2 % from a second account: ${odd.join(", ")}. ` +
      "Do not rely on these results.",
  )];
}

function lesserAccount(trials: readonly Trial[]): Warning[] {
  if (!trials.some(({ check }) => check?.source === "schedstat")) return [];
  return [{
    text:
      "CPU time was checked by the scheduler's statistics and not by a cgroup, which no process could " +
      "be put into here. Run as root, or prefix the command " +
      "with systemd-run --user --scope --property=Delegate=yes.",
    isNoise: false,
  }];
}

function traffic(trials: readonly Trial[]): Warning[] {
  const foreign = sum(trials, ({ kernel }) => kernel.otherTraffic ?? 0);
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
function timeWaits({ timeWaitLimit }: Environment, { local, trials }: Plan): Warning[] {
  const most = local ? 0 : Math.max(...trials.map(({ load }) => load.clients * load.connections));
  if (timeWaitLimit === null || most <= timeWaitLimit) return [];
  return [{
    text:
      `A trial makes ${most} connections, and the kernel keeps only ${timeWaitLimit} in TIME_WAIT: the ` +
      `others cost less than usual. Run: sysctl -w net.ipv4.tcp_max_tw_buckets=${most}.`,
    isNoise: false,
  }];
}

function threads(trials: readonly Trial[]): Warning[] {
  if (!trials.some(({ client }) => client?.making === "worker")) return [];
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

/** Trials with the same design, load and pool, by name. */
function groups(trials: readonly Trial[], sweep: Plan["sweep"]): [string, Trial[]][] {
  const works = Map.groupBy(
    trials,
    ({ design, load, poolSize }) => JSON.stringify([design, load, poolSize]),
  );
  return [...works.values()].map((same) => [nameOf(same[0]!, sweep), same]);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
}

function sum<T>(items: readonly T[], amountOf: (item: T) => number): number {
  return items.reduce((total, item) => total + amountOf(item), 0);
}
