/**
 * The registry: one row of data a design. Commands, tests, tables and the report learn of a design
 * from here and nowhere else.
 *
 * @module
 */
import type { Design } from "./design.ts";

/** Every design, the rows of the book first. */
export const designs: readonly Design[] = [
  {
    id: "iterative",
    title: "Iterative server (baseline)",
    children: "none",
    accepts: "the process",
    row: 0,
    listing: () => import("./iterative.ts"),
  },
  {
    id: "fork-per-client",
    title: "Concurrent server, one fork per client",
    children: "fork",
    accepts: "the parent, then a new child for each client",
    row: 1,
    lifetime: "client",
    listing: () => import("./per_client.ts"),
  },
  {
    id: "prefork-shared-accept",
    title: "Prefork, each child calling accept",
    children: "fork",
    accepts: "every child",
    row: 2,
    lifetime: "pool",
    listing: () => import("./shared_accept.ts"),
  },
];

/** The design with that id, or undefined. */
export function findDesign(id: string): Design | undefined {
  return designs.find((design) => design.id === id);
}
