/**
 * How the clients of a pool were spread over its children.
 *
 * @module
 */
import type { Trial } from "../../record/record.ts";
import { evenness } from "../../statistics/median.ts";
import type { Design } from "../../../servers/design.ts";

/** What the report has to know of a design. */
export type DesignInfo = Pick<Design, "id" | "title" | "children" | "accepts" | "row" | "lifetime">;

/** What one child did. */
export interface ChildShare {
  readonly index: number;
  readonly connections: number;
  readonly cpuSeconds: number;
}

/** Clients per child in one real round (a column of Table 30.2). */
export interface Distribution {
  /** The round, numbered as in the record: the last one that counts. */
  readonly round: number;
  /** By index. */
  readonly children: readonly ChildShare[];
  /** Of the process that accepts or waits; null where there is none. */
  readonly parentCpuSeconds: number | null;
  readonly sum: number;
  /** Most over fewest. */
  readonly evenness: number;
}

/**
 * Whether a trial had a pool. A registered design says so itself; of any other, several children in the
 * record are a pool.
 */
export function hasPool(trial: Trial, info: DesignInfo | undefined): boolean {
  const expected = info ? info.lifetime === "pool" : trial.children.length > 1;
  return expected && trial.children.length > 0;
}

/** Why there is no distribution of a design, of which so many trials count. */
export function whyNone(ok: number, info: DesignInfo | undefined): string {
  if (info?.lifetime === "client") return "a child per client";
  if (info?.children === "none") return "no children";
  return ok === 0 ? "no trial that counts" : "no pool recorded";
}

/** That of the last of these trials. */
export function lastDistribution(pools: readonly Trial[]): Distribution | null {
  const trial = pools.toSorted((a, b) => a.round - b.round).at(-1);
  if (!trial) return null;
  const connections = connectionsOf(trial);
  return {
    round: trial.round,
    children: trial.children
      .map(({ index, connections, cpu }) => ({ index, connections, cpuSeconds: cpu.total }))
      .toSorted((a, b) => a.index - b.index),
    parentCpuSeconds: trial.parent?.cpu.total ?? null,
    sum: connections.reduce((sum, one) => sum + one, 0),
    evenness: evenness(connections),
  };
}

/** Connections of each child. */
export function connectionsOf(trial: Trial): number[] {
  return trial.children.map((child) => child.connections);
}
