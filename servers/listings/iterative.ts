/**
 * Iterative server: one process, one client after the other (UNP §30.4, row 0 of Table 30.1).
 *
 * No design is cheaper, since it controls no processes: its CPU time is the baseline from which that of
 * the others is measured. What it lacks is that a slow client holds up everyone behind it.
 *
 * @module
 */
import type { Server } from "../design.ts";
import { accept } from "../posix/sockets.ts";

/** Serves one client at a time. */
export function parent({ listener, serve }: Server): never {
  for (;;) {
    const connection = accept(listener);
    serve(connection);
  }
}
