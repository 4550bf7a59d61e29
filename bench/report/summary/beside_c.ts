/**
 * Designs beside the same design in C, where a run has both: what TypeScript costs.
 *
 * @module
 */
import { compareCosts, type Comparison } from "../../compare/comparison.ts";
import { inBothRounds } from "../../compare/records.ts";
import { costsByRound } from "./alike.ts";
import type { ReportData } from "./report_data.ts";
import type { DesignSummary } from "./summary.ts";

/** How the presets of the designs in C are named (`servers/external/presets/book.json`). */
const IN_C = "c-";

/** A design and its C program. */
export interface BesideC {
  readonly ours: DesignSummary;
  readonly c: DesignSummary;
  /** CPU time per connection of ours over that of C, in the same rounds. */
  readonly comparison: Comparison;
}

/** The designs that ran beside their C program, in the order of the tables. */
export function besideC({ designs, series }: Pick<ReportData, "designs" | "series">): BesideC[] {
  const pairs = designs.flatMap((ours) => {
    const c = ours.info === null ? undefined : designs.find(({ id }) => id === IN_C + ours.id);
    if (c === undefined) return [];
    const costs = inBothRounds(costsByRound(series, c.id), costsByRound(series, ours.id));
    return costs.a.length === 0 ? [] : [{ ours, c, costs }];
  });
  const compared = compareCosts(pairs.map(({ costs }) => costs));
  return pairs.map(({ ours, c }, index) => ({ ours, c, comparison: compared[index]! }));
}
