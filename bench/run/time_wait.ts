/**
 * The limit of connections in TIME_WAIT. The end that closes first, our client, keeps a connection in
 * TIME_WAIT for a minute (UNP §2.7). Beyond its limit the kernel drops such connections early and logs a
 * message, which costs time during a trial.
 *
 * @module
 */
import { SystemError } from "../../servers/posix/errors.ts";
import { endTimeWaits } from "../../servers/posix/time_wait.ts";
import { timeWaitLimit, timeWaits } from "../machine/counters.ts";
import { warmUpOf } from "../plan/warm_up.ts";
import type { Plan } from "../record/record.ts";

/** TIME_WAIT lasts a minute (TCP_TIMEWAIT_LEN); waiting longer does not help. */
const LONGEST_MS = 65_000;
const STEP_MS = 500;

/** The number of connections in TIME_WAIT in this network namespace, and its limit. */
export interface TimeWaits {
  readonly now: () => number | null;
  readonly limit: number | null;
}

/** Reads them from /proc. */
export function systemTimeWaits(): TimeWaits {
  return { now: timeWaits, limit: timeWaitLimit() };
}

/**
 * Has the kernel forget the connections of a trial that has ended, where it lets us: the next trials need not wait
 * then.
 */
export function forgetConnections(port: number): void {
  try {
    endTimeWaits(port);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
}

/**
 * Waits until there is room for the connections of a trial, at most a minute; not at all if they exceed the
 * limit themselves.
 *
 * @param note Called once with the reason, if it waits.
 */
export async function waitForRoom(
  planned: Pick<Plan["trials"][number], "design" | "load" | "poolSize">,
  { now, limit }: TimeWaits,
  signal: AbortSignal,
  note: (reason: string) => void,
): Promise<void> {
  const { load } = planned;
  const needed = load.clients * load.connections + warmUpOf(planned);
  const isFull = () => limit !== null && needed <= limit && (now() ?? 0) + needed > limit;
  if (!isFull()) return;
  note(`waiting for connections to leave TIME_WAIT: there are ${now()}, the kernel keeps ${limit}`);
  for (const end = performance.now() + LONGEST_MS; isFull() && performance.now() < end;) {
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
