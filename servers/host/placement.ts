/**
 * Where a program runs: its process session, its processors, and the process it ends with.
 *
 * @module
 */
import { dieWithParent, setAffinity, startProcessGroup, startSession } from "../posix/processes.ts";
import type { Placement } from "./protocol.ts";

/** Applies it to this process, which receives `signal` when its owner ends. */
export function applyPlacement({ session, processors, owner }: Placement, signal: number): void {
  dieWithParent(owner, signal);
  if (processors !== null) setAffinity(processors);
  if (session === "own") startSession();
  else startProcessGroup();
}
