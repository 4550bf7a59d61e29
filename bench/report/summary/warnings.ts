/**
 * What in a record speaks against its figures: a noisy machine, accounts that do not agree. Computed from
 * the record alone.
 *
 * @module
 */
import { nameOf } from "../../plan/plan.ts";
import type { Environment, Machine, Plan, Recorded, Trial } from "../../record/record.ts";
import { mad, median } from "../../statistics/median.ts";

/** A warning. */
export interface Warning {
  /** What was seen, and what to do about it. */
  readonly text: string;
  /** Whether it makes figures doubtful, so that `--strict` fails the run. */
  readonly isNoise: boolean;
}

/** Share of the processors' time that others may have before it is worth a word. */
const OTHERS_SHARE = 0.1;

/** The same for what the hypervisor takes: there it is a wait that nothing accounts for. */
const STEAL_SHARE = 0.01;

/** Load average, for each processor, with which a machine counts as busy before a run starts. */
const BUSY_LOAD = 0.5;

/** Median absolute deviation, as a share of the median, beyond which a design's rounds lie far apart. */
const WIDE_SPREAD = 0.1;
const FEWEST_FOR_SPREAD = 3;

/** All warnings of a run. */
export function warningsOf({ run, trials }: Recorded): Warning[] {
  const ok = trials.filter(({ status }) => status === "ok");
  return [
    ...busyAtStart(run.environment),
    ...shareOfOthers(ok, run.environment.processors),
    ...wideSpreads(ok, run.plan.sweep),
    ...accounts(ok, run.plan.sweep),
    ...traffic(ok),
    ...governor(run.environment),
  ];
}

function noise(text: string): Warning {
  return { text, isNoise: true };
}

function busyAtStart({ loadAverage, processors }: Environment): Warning[] {
  const load = loadAverage?.[0] ?? 0;
  if (load <= BUSY_LOAD * processors) return [];
  return [noise(
    `The machine was busy when the run started: load average ${load.toFixed(1)} on ${processors} ` +
      "processors. End what else runs, and measure again.",
  )];
}

/** A trial of which the processors' time is known. */
type Seen = Trial & { readonly machine: Machine };

function shareOfOthers(trials: readonly Trial[], processors: number): Warning[] {
  const seen = trials.filter((trial): trial is Seen => trial.machine !== null);
  const all = processors * sum(seen, ({ machine }) => machine.seconds);
  if (all === 0) return [];
  const steal = sum(seen, ({ machine }) => machine.stealSeconds ?? 0) / all;
  const others = sum(seen, othersOf) / all;
  return [
    ...(steal > STEAL_SHARE
      ? [noise(
        `The hypervisor took ${
          percent(steal)
        } of the processors' time (steal): other machines on the ` +
          "same hardware are busy. Measure again at another time.",
      )]
      : []),
    ...(others > OTHERS_SHARE
      ? [noise(
        `Other processes had ${
          percent(others)
        } of the processors' time during the trials. End them, ` +
          "or keep them away with --pin.",
      )]
      : []),
  ];
}

/** Seconds in which the processors did something else than this trial. Counted in ticks: may be below 0. */
function othersOf({ machine, cpu, client }: Seen): number {
  if (machine.busySeconds === null) return 0;
  return machine.busySeconds - (cpu?.total ?? 0) - (client?.cpu.total ?? 0);
}

function wideSpreads(trials: readonly Trial[], sweep: Plan["sweep"]): Warning[] {
  const wide = groups(trials, sweep).flatMap(([id, same]) => {
    const costs = same.flatMap(({ cpu }) => cpu ? [cpu.total] : []);
    const spread = costs.length < FEWEST_FOR_SPREAD ? 0 : mad(costs) / median(costs);
    return spread > WIDE_SPREAD ? [`${id} (MAD ${percent(spread)})`] : [];
  });
  if (wide.length === 0) return [];
  return [noise(
    `Rounds lie far apart: ${
      wide.join(", ")
    }. More --rounds make the median surer; an idle machine ` +
      "makes it better.",
  )];
}

function accounts(trials: readonly Trial[], sweep: Plan["sweep"]): Warning[] {
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
    `CPU time differs by more than 2 % from another account of it: ${odd.join(", ")}. ` +
      "These figures are not to be trusted.",
  )];
}

function traffic(trials: readonly Trial[]): Warning[] {
  const foreign = sum(trials, ({ kernel }) => kernel.otherTraffic ?? 0);
  if (foreign === 0) return [];
  return [{
    text:
      `The kernel accepted ${foreign} connections that were not ours during the trials; --netns ` +
      "(as root) measures in a network of its own.",
    isNoise: false,
  }];
}

function governor({ governor }: Environment): Warning[] {
  if (governor === null || governor === "performance") return [];
  return [{
    text:
      `The processors' clocks follow the load (governor ${governor}), so that CPU seconds do not ` +
      "compare: cpupower frequency-set --governor performance.",
    isNoise: false,
  }];
}

/** Trials of the same work, by a name for it. */
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
