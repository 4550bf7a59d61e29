/**
 * Where a program runs: in which process session, on which processors, and with whom it ends.
 *
 * @module
 */
import { dieWithParent, setAffinity, startProcessGroup, startSession } from "../posix/processes.ts";
import type { Placement } from "./protocol.ts";

/** Moves this process there. When its owner ends, it receives `signal`. */
export function applyPlacement({ session, processors, owner }: Placement, signal: number): void {
  dieWithParent(owner, signal);
  if (processors !== null) setAffinity(processors);
  if (session === "own") startSession();
  else startProcessGroup();
}
