/**
 * Distribution of the clients over the children of a pool.
 *
 * @module
 */
import type { Trial } from "../../record/types.ts";
import { evenness } from "../../statistics/median.ts";
import { uniformity } from "../../statistics/uniformity.ts";
import type { Design } from "../../../servers/design.ts";

/** A design, as far as the report needs it. */
export type DesignInfo = Pick<
  Design,
  "id" | "title" | "children" | "accepts" | "row" | "lifetime" | "waits" | "isRing"
>;

/** Connections and CPU time of one child. */
export interface ChildShare {
  readonly index: number;
  readonly connections: number;
  readonly cpuSeconds: number;
}

/** Clients per child in one round: a column of Table 30.2. */
export interface Distribution {
  /** The last valid round, numbered as in the record. */
  readonly round: number;
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
 * Whether a trial had a pool: as registered, or for an unregistered design, whether the record has
 * several children.
 */
export function hasPool(trial: Trial, info: DesignInfo | undefined): boolean {
  const expected = info ? info.lifetime === "pool" : trial.children.length > 1;
  return expected && trial.children.length > 0 &&
    trial.children.every(({ connections }) => connections !== null);
}

/** Why a design with this many valid trials has no distribution. */
export function noDistributionReason(ok: number, info: DesignInfo | undefined): string {
  if (info?.lifetime === "client") return "a child per client";
  if (info?.children === "none") return "no children";
  if (ok === 0) return "no valid trial";
  return info === undefined ? "who served whom is not known" : "no pool recorded";
}

/** The distribution in the last of these trials. */
export function lastDistribution(pools: readonly Trial[]): Distribution | null {
  const trial = pools.toSorted((a, b) => a.round - b.round).at(-1);
  if (!trial) return null;
  const connections = connectionsOf(trial);
  return {
    round: trial.round,
    children: trial.children
      .map(({ index, cpu }, i) => ({
        index,
        connections: connections[i]!,
        cpuSeconds: cpu.total,
      }))
      .toSorted((a, b) => a.index - b.index),
    parentCpuSeconds: trial.parent?.cpu.total ?? null,
    sum: connections.reduce((sum, one) => sum + one, 0),
    evenness: evenness(connections),
    pEven: uniformity(connections)?.p ?? null,
  };
}

/** Connections of each child; 0 where they are not known. */
export function connectionsOf(trial: Trial): number[] {
  return trial.children.map((child) => child.connections ?? 0);
}
