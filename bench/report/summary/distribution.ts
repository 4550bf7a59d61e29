/**
 * Distribution of the clients over the children of a pool.
 *
 * @module
 */
import type { Trial, Workers } from "../../record/types.ts";
import { evenness } from "../../statistics/median.ts";
import { uniformity } from "../../statistics/uniformity.ts";
import type { Design } from "../../../servers/design.ts";

/** A design, as far as the report needs it. */
export type DesignInfo = Pick<
  Design,
  | "id"
  | "title"
  | "children"
  | "accepts"
  | "row"
  | "lifetime"
  | "waits"
  | "isRing"
  | "polls"
  | "isAsync"
>;

/** Connections and CPU time of one child. */
export interface ChildShare {
  readonly index: number;
  readonly connections: number;
  /** Null for a worker of an external server whose process is not known, or not of that trial. */
  readonly cpuSeconds: number | null;
}

/** Clients per child in one round: a column of Table 30.2. */
export interface Distribution {
  /** How the connections of an external server's workers were counted; null: children count themselves. */
  readonly by: Workers["by"] | null;
  /** The last valid round, numbered as in the record; null: an extra trial. */
  readonly round: number | null;
  /** By index. */
  readonly children: readonly ChildShare[];
  /** CPU time of the parent, which accepts or waits; null without a parent. */
  readonly parentCpuSeconds: number | null;
  readonly sum: number;
  /** Most connections of a child divided by fewest. */
  readonly evenness: number;
  /** Probability that a random assignment with equal chances is at least as uneven; null: too few to tell. */
  readonly pEven: number | null;
}

/**
 * Connections of each child of a pool, as registered, or for an unregistered design, if the record has several
 * children; of each worker of an external server by the first way that worked. Null if there is none.
 */
export function connectionsOf(trial: Trial, info: DesignInfo | undefined): number[] | null {
  const [first] = trial.workers ?? [];
  if (first) return isPool(first) ? first.workers.map(({ connections }) => connections) : null;
  const expected = info ? info.lifetime === "pool" : trial.children.length > 1;
  const known = trial.children.flatMap(({ connections }) => connections ?? []);
  return expected && known.length > 0 && known.length === trial.children.length ? known : null;
}

/** Whether the same workers were there all the time, and several. */
function isPool({ workers }: Workers): boolean {
  return workers.length > 1 && workers.every(({ name }) => name !== null);
}

/** Why a design with this many valid trials, and its workers in one of them, has no distribution. */
export function noDistributionReason(
  ok: number,
  info: DesignInfo | undefined,
  [workers]: readonly Workers[] = [],
): string {
  if (info?.lifetime === "client") return "a child per client";
  if (info?.children === "none") return "no children";
  if (ok === 0) return "no valid trial";
  if (workers?.workers.length === 1) return "one process serves all";
  if (workers !== undefined) return "processes that come and go";
  return info === undefined ? "who served whom is not known" : "no pool recorded";
}

/** The distribution in the last of these trials with a pool. */
export function lastDistribution(pools: readonly Trial[]): Distribution | null {
  const trial = pools.toSorted((a, b) => a.round - b.round).at(-1);
  if (!trial) return null;
  const [first] = trial.workers ?? [];
  if (first) return workersDistribution(first, trial);
  return {
    ...distributionOf(trial.children.map(({ index, cpu, connections }) => ({
      index,
      connections: connections ?? 0,
      cpuSeconds: cpu.total,
    }))),
    by: null,
    round: trial.round,
    parentCpuSeconds: trial.parent?.cpu.total ?? null,
  };
}

/**
 * The distributions of an external server by each way beside the first: those of the last trial, and that of an extra
 * trial.
 */
export function furtherDistributions(
  pools: readonly Trial[],
  extra: readonly Workers[],
): Distribution[] {
  const trial = pools.toSorted((a, b) => a.round - b.round).at(-1);
  return [
    ...(trial?.workers ?? []).slice(1).filter(isPool).map((one) => workersDistribution(one, trial)),
    ...extra.filter(isPool).map((one) => workersDistribution(one)),
  ];
}

/** The distribution over workers in a trial; without one, in an extra trial. */
function workersDistribution({ by, workers }: Workers, trial?: Trial): Distribution {
  const cpu = new Map(trial?.children.map(({ pid, cpu }) => [pid, cpu.total]));
  return {
    ...distributionOf(workers.map(({ pid, connections }, index) => ({
      index,
      connections,
      cpuSeconds: cpu.get(pid) ?? null,
    }))),
    by,
    round: trial?.round ?? null,
    parentCpuSeconds: trial?.parent?.cpu.total ?? null,
  };
}

function distributionOf(children: readonly ChildShare[]) {
  const counts = children.map(({ connections }) => connections);
  return {
    children: children.toSorted((a, b) => a.index - b.index),
    sum: counts.reduce((sum, one) => sum + one, 0),
    evenness: evenness(counts),
    pEven: uniformity(counts)?.p ?? null,
  };
}
