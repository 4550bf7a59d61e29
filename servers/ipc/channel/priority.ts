/**
 * Priority inheritance: a receiving thread runs with the sender's priority if this is permitted. In QNX
 * Neutrino the kernel does this; on Linux a thread may raise its priority only with CAP_SYS_NICE, or within
 * RLIMIT_NICE and RLIMIT_RTPRIO.
 *
 * @module
 */
import { Priority, setThreadPriority, threadPriority } from "../../posix/threads.ts";

/** The priority of this thread as last set here; undefined: never. */
let current: number | undefined;

/** The lowest priority that was refused to this thread. */
let refused: number = Priority.highest + 1;

/** Whether this thread may raise its priority, and so return from a lower one; undefined: not known yet. */
let mayRaise: boolean | undefined;

/**
 * Gives this thread a sender's priority until it receives again. The priority is lowered only if it can be
 * raised again.
 *
 * @returns false if this is not permitted.
 */
export function inheritPriority(priority: number): boolean {
  current ??= threadPriority();
  if (priority === current) return true;
  if (priority >= refused) return false;
  if (priority < current) mayRaise ??= canRaise(current);
  if (priority < current && !mayRaise) return false;
  if (!setThreadPriority(priority)) {
    refused = priority;
    return false;
  }
  if (priority > current) mayRaise = true;
  current = priority;
  return true;
}

/** Tests it, because capabilities of a user namespace look like real ones but do not suffice. */
function canRaise(from: number): boolean {
  return from < Priority.highest && setThreadPriority(from + 1) && setThreadPriority(from);
}
