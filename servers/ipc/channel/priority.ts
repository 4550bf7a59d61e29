/**
 * Priority inheritance: a thread that receives takes on the priority of whoever sent, as far as the system
 * permits. QNX Neutrino's kernel does so by itself; Linux lets a thread raise itself only with
 * CAP_SYS_NICE or within RLIMIT_NICE and RLIMIT_RTPRIO.
 *
 * @module
 */
import { Priority, setThreadPriority, threadPriority } from "../../posix/threads.ts";

/** This thread's priority as it was set here last; undefined: not yet. */
let current: number | undefined;

/** The lowest priority the system has refused to this thread. */
let refused: number = Priority.highest + 1;

/** Whether this thread may raise itself by a step, and so come back from a lower priority. */
let mayRaise: boolean | undefined;

/**
 * Gives this thread a sender's priority, which it keeps until it receives again.
 *
 * @returns false where the system does not permit it. Lower than it is a thread goes only where it may
 * come back.
 */
export function takeOn(priority: number): boolean {
  current ??= threadPriority();
  if (priority === current) return true;
  if (priority >= refused) return false;
  if (priority < current) mayRaise ??= canRaise(current);
  if (priority < current && !mayRaise) return false;
  if (!setThreadPriority(priority)) {
    refused = priority;
    return false;
  }
  current = priority;
  return true;
}

/** Tries it: rights that count in a namespace of their own only look the same as real ones. */
function canRaise(from: number): boolean {
  return setThreadPriority(from + 1) && setThreadPriority(from);
}
