/**
 * The warm-up of a trial: connections before the mark, which are not counted.
 *
 * @module
 */
import { findDesign } from "../../servers/designs.ts";
import type { Plan } from "../record/record.ts";

/** Minimum number of connections before the mark, by all clients together, to warm up caches and V8. */
const WARM_UP = 200;

/**
 * Connections for each child of a pool. The first connections of a forked child cost most, since it copies
 * the pages it writes to: 300 children with 200 connections before the mark cost three times as much after it.
 */
const WARM_UP_OF_CHILD = 13;

/** A Worker or program for one client is never warm; only its maker can be. */
const WARM_UP_OF_MAKER = 20;

/** Seconds that the warm-up of a server which serves one client at a time may take, if requests take long. */
const LONGEST_SECONDS = 2;

/** Connections made before the mark of a trial, by all clients together: one of each client at least. */
export function warmUpOf(
  { design, load, poolSize }: Pick<Plan["trials"][number], "design" | "load" | "poolSize">,
): number {
  // An external server may have a pool.
  const { lifetime, children } = findDesign(design) ?? { lifetime: "pool", children: "none" };
  const pool = lifetime === "pool" ? poolSize ?? 0 : 0;
  const wanted = lifetime === "client" && children !== "fork"
    ? WARM_UP_OF_MAKER
    : Math.max(WARM_UP, WARM_UP_OF_CHILD * pool);
  const seconds = load.wait / 1e3 + load.work / 1e6;
  const most = seconds > 0 ? Math.max(1, pool) * LONGEST_SECONDS / seconds : Infinity;
  return Math.max(1, Math.ceil(Math.min(wanted, most) / load.clients)) * load.clients;
}
