/**
 * The design matrix: how children are made, by who calls accept.
 *
 * @module
 */
import type { Making } from "../../../servers/design.ts";
import { MAKINGS } from "../charts/theme.ts";
import type { DesignSummary, Summary } from "../summary/summary.ts";

/** A design in the matrix. */
export interface Placed {
  readonly design: DesignSummary;
  /** Its cost among all designs on a logarithmic scale, 0 to 1; null without a valid trial. */
  readonly heat: number | null;
}

/** The designs that accept in one way. */
export interface MatrixRow {
  readonly accepts: string;
  /** By how their children are made. */
  readonly cells: Readonly<Partial<Record<Making, readonly Placed[]>>>;
}

/** The matrix of the registered designs of a run, in the order of the registry. */
export function matrixOf({ designs }: Summary): MatrixRow[] {
  const costs = designs.flatMap(({ info, cpuMicrosecondsPerConnection: cpu }) =>
    info && cpu ? [Math.log10(cpu.median)] : []
  );
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const heat = ({ cpuMicrosecondsPerConnection: cpu }: DesignSummary) =>
    cpu ? high > low ? (Math.log10(cpu.median) - low) / (high - low) : 0 : null;
  const registered = designs.filter(({ info }) => info !== null);
  const rows = Map.groupBy(registered, ({ info }) => acceptRow(info!.accepts));
  return [...rows].map(([accepts, same]) => ({
    accepts,
    cells: Object.groupBy(
      same.map((design) => ({ design, heat: heat(design) })),
      ({ design }) => design.info!.children,
    ),
  }));
}

/** The ways to make children in a run, in the order of the charts. */
export function makingsOf({ designs }: Summary): Making[] {
  const seen = new Set(designs.map(({ info }) => info?.children));
  return (Object.keys(MAKINGS) as Making[]).filter((making) => seen.has(making));
}

/** Puts thread designs into the same row as process designs. */
function acceptRow(accepts: string): string {
  // A thread of a child is no child.
  return accepts.replaceAll("main thread", "parent").replaceAll(/thread(?! of)/g, "child");
}
