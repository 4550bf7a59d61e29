/**
 * Iterative server: one process, one client after the other (UNP §30.4, row 0 of Table 30.1).
 *
 * The cheapest design, since it controls no processes: its CPU time is the baseline that is subtracted from
 * the others'. But a slow client delays all clients behind it.
 *
 * @module
 */
import type { ParentContext } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Serves one client at a time. */
export function parent({ listener, serve }: ParentContext): never {
  for (;;) {
    const connection = accept(listener);
    serve(connection);
  }
}
