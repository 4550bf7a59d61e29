/**
 * Where a command runs that bench, or a user, has started: in which process session, on which processors.
 *
 * @module
 */
import { processorsOf } from "../cli.ts";
import { affinity, setAffinity, startGroup, startSession } from "../posix/processes.ts";

/** What was said of it on the command line. */
export interface Place {
  /** The process that made the command its own; 0: none, a user started it. */
  readonly owner: number;
  readonly "same-session": boolean;
  readonly pin: string | undefined;
}

/**
 * Goes there. Under bench the command has a process session of its own, which the scheduler treats as a
 * group (sched(7), autogroup), or bench's, and then a process group, since it is bench that answers ^C.
 *
 * @throws {UsageError} for processors that this process may not run on.
 */
export function settle({ owner, "same-session": sameSession, pin }: Place): void {
  if (pin !== undefined) setAffinity(processorsOf("pin", pin, affinity()));
  if (owner === 0) return;
  if (sameSession) startGroup();
  else startSession();
}
