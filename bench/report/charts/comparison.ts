/**
 * A comparison as a chart: a metric of a design in each row, and by how much B differs from A.
 *
 * @module
 */
import { metrics } from "../../compare/metrics.ts";
import type { DesignInRuns } from "../../compare/records.ts";
import { formatRatio, formatRatios, roundsText } from "../../compare/verdict.ts";
import { findDesign } from "../../../servers/designs.ts";
import { draw, WIDE } from "./chart.ts";
import { type Extent, intervals } from "./rows.ts";
import { makingOf } from "./theme.ts";

/** The axis goes at least so far, so that noise does not look like a difference. */
const LEAST = 1.1;

/** Ticks of a longer axis, upwards; likewise downwards. */
const STEPS = [1.5, 2, 3, 5, 10, 100, 1000];

/** Draws the ratios of B to A, with their intervals, as SVG; null: there are none. */
export async function drawComparison(
  rows: readonly DesignInRuns[],
  title: string,
): Promise<string | null> {
  const values = rows.flatMap(extentOf);
  const ends = values.flatMap(({ low, high }) => [low, high]);
  // As far below as above: half is as much as double.
  const end = Math.max(LEAST, ...ends, ...ends.map((ratio) => 1 / ratio));
  const spec = intervals(
    values,
    {
      scale: { type: "log", domain: [1 / end, end], nice: false },
      axis: {
        title,
        ...(end < STEPS[0]! ? {} : { values: [...STEPS.map((ratio) => 1 / ratio), 1, ...STEPS] }),
        labelExpr: "datum.value < 2 ? format(datum.value - 1, '+.2~p') : datum.value + ' ×'",
      },
    },
    { at: 1, text: "no difference" },
    WIDE,
  );
  return spec && await draw(spec);
}

function extentOf({ id, metric, comparison }: DesignInRuns): Extent[] {
  if (comparison === null) return [];
  const { ratio: median, interval } = comparison;
  const label = formatRatio(median);
  const name = interval.kind === "range" ? "range" : "95 % interval";
  const text = `${id}, ${metrics[metric].title}: ${label} ` +
    `(${name} ${formatRatios(interval)}, ${roundsText(comparison)})`;
  const making = makingOf(findDesign(id) ?? null);
  return [{ design: `${id} ${metric}`, making, median, ...interval, label, text }];
}
