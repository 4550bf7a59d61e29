/**
 * The matrix of the two questions: how children are made, and who accepts.
 *
 * @module
 */
import type { Making } from "../../../servers/design.ts";
import { MAKINGS } from "../charts/theme.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";

/** A design in its place. */
export interface Placed {
  readonly design: DesignSummary;
  /** How dear it is among all, 0 to 1, by order of magnitude; null where no trial counts. */
  readonly heat: number | null;
}

/** One answer to the second question, and the designs that give it. */
export interface MatrixRow {
  readonly accepts: string;
  /** By how their children are made. */
  readonly cells: Readonly<Partial<Record<Making, readonly Placed[]>>>;
}

/** The matrix of the designs of a run that are registered, in the order of the registry. */
export function matrixOf({ designs }: Summary): MatrixRow[] {
  const costs = designs.flatMap(({ info, cpuMicrosecondsPerConnection: cpu }) =>
    info && cpu ? [Math.log10(cpu.median)] : []
  );
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const heat = ({ cpuMicrosecondsPerConnection: cpu }: DesignSummary) =>
    cpu ? high > low ? (Math.log10(cpu.median) - low) / (high - low) : 0 : null;
  const registered = designs.filter(({ info }) => info !== null);
  const rows = Map.groupBy(registered, ({ info }) => inGeneral(info!.accepts));
  return [...rows].map(([accepts, same]) => ({
    accepts,
    cells: Object.groupBy(
      same.map((design) => ({ design, heat: heat(design) })),
      ({ design }) => design.info!.children,
    ),
  }));
}

/** The ways to make children that a run has designs of, as in the colours of the charts. */
export function makingsOf({ designs }: Summary): Making[] {
  const seen = new Set(designs.map(({ info }) => info?.children));
  return (Object.keys(MAKINGS) as Making[]).filter((making) => seen.has(making));
}

/** Threads answer the second question as processes do, only in other words. */
function inGeneral(accepts: string): string {
  return accepts.replaceAll("main thread", "parent").replaceAll("thread", "child");
}
