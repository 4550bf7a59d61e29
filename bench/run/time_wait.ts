/**
 * Connections in TIME_WAIT, of which the kernel keeps so many and no more: who closes first waits for a
 * minute (UNP §2.7), and that is our client. Beyond the limit the kernel forgets connections early and
 * says so in its log, which costs time in the middle of a trial.
 *
 * @module
 */
import { tryReadText } from "../../servers/posix/files.ts";
import { timeWaits } from "../machine/counters.ts";
import { warmUpOf } from "../plan/warm_up.ts";
import type { Planned } from "./trial.ts";

/** TIME_WAIT lasts a minute (TCP_TIMEWAIT_LEN); a little longer, and there is room or never will be. */
const LONGEST_MS = 65_000;
const STEP_MS = 500;

/** What it looks at: how many there are, how many the kernel keeps, in this network namespace. */
export interface TimeWaits {
  readonly now: () => number | null;
  readonly limit: number | null;
}

/** Those of this machine. */
export function systemTimeWaits(): TimeWaits {
  const text = tryReadText("/proc/sys/net/ipv4/tcp_max_tw_buckets");
  return { now: timeWaits, limit: text === undefined ? null : Number(text) };
}

/**
 * Waits until the connections of a trial have room, a minute at most; not where they never have.
 *
 * @param say Hears, once, why it waits.
 */
export async function waitForRoom(
  planned: Pick<Planned, "design" | "load" | "poolSize">,
  { now, limit }: TimeWaits,
  signal: AbortSignal,
  say: (reason: string) => void,
): Promise<void> {
  const { load } = planned;
  const needed = load.clients * load.connections + warmUpOf(planned);
  const isFull = () => limit !== null && needed <= limit && (now() ?? 0) + needed > limit;
  if (!isFull()) return;
  say(`waiting for connections to leave TIME_WAIT: there are ${now()}, the kernel keeps ${limit}`);
  for (const end = performance.now() + LONGEST_MS; isFull() && performance.now() < end;) {
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
