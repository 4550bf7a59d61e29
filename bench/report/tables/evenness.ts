/**
 * The columns of Table 30.1 that tell how evenly clients spread over the children of a pool.
 *
 * @module
 */
import type { DesignColumn } from "./columns.ts";
import { numberCell } from "./table.ts";

/** In the round of Table 30.2; the last one over all rounds. */
export const evenness: readonly DesignColumn[] = ([
  {
    header: "max/min",
    field: "clients_per_child_max_over_min",
    cell: ({ distribution }) => numberCell(distribution?.evenness, 2),
  },
  {
    header: "p even",
    field: "clients_per_child_p_even",
    cell: ({ distribution }) => numberCell(distribution?.pEven, 3),
  },
  {
    header: "round of Table 30.2",
    field: "clients_per_child_round",
    cell: ({ distribution }) => numberCell(distribution?.round, 0),
  },
  {
    header: "max/min, median of rounds",
    field: "clients_per_child_max_over_min_median",
    cell: ({ evenness }) => numberCell(evenness?.median, 2),
  },
] satisfies DesignColumn[]).map((column) => ({ ...column, only: "csv" }));
