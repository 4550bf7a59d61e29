/**
 * How quiet this machine is.
 *
 * @module
 */
import { machineSince, readCounters } from "../machine/counters.ts";
import { readEnvironment } from "../machine/environment.ts";
import type { Environment, Machine } from "../record/record.ts";
import { BUSY_LOAD, OTHERS_SHARE, STEAL_SHARE } from "../report/summary/warnings.ts";
import { type Check, fine } from "./check.ts";

const SAMPLE_MS = 500;

/** Watches the machine for a moment. */
export async function quiet(): Promise<Check[]> {
  const before = readCounters();
  await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  const machine = machineSince(before, readCounters());
  return quietChecks(machine, readEnvironment({ works: true, attempts: 0, reason: null }));
}

type Watched = Pick<
  Machine,
  "seconds" | "busySeconds" | "stealSeconds" | "ownSeconds" | "processors"
>;

/** The checks of these figures. */
export function quietChecks(
  { seconds, busySeconds, stealSeconds, ownSeconds, processors }: Watched,
  { loadAverage, governor, processors: usable, online }: Environment,
): Check[] {
  const time = seconds * (processors ?? usable);
  const share = (of: number | null) => of === null ? null : Math.max(0, of) / time;
  const ours = ownSeconds ?? 0;
  const load = loadAverage?.[0];
  return [
    amount(
      "other processes on the processors",
      share(busySeconds === null ? null : busySeconds - ours),
      OTHERS_SHARE,
      "stop them: ps -eo pcpu,pid,args --sort=-pcpu | head",
    ),
    amount(
      "time that the hypervisor took (steal)",
      share(stealSeconds),
      STEAL_SHARE,
      "measure at another time, or on a machine of your own",
    ),
    amount(
      "load average of each processor",
      load === undefined ? null : load / (online ?? usable),
      BUSY_LOAD,
      "wait, or stop other programs",
      (load) => load.toFixed(2),
    ),
    governor === null || governor === "performance"
      ? fine("quiet", "clock rate", governor === null ? "no governor" : `governor ${governor}`)
      : {
        group: "quiet",
        what: "clock rate",
        state: "limited",
        stands: `governor ${governor}: it depends on the load`,
        mend: "sudo cpupower frequency-set --governor performance",
      },
  ];
}

/** A share of the processors, up to which it is quiet. */
function amount(
  what: string,
  share: number | null,
  most: number,
  mend: string,
  text = (share: number) => `${(100 * share).toFixed(0)} %`,
): Check {
  if (share === null) return fine("quiet", what, "unknown");
  if (share <= most) return fine("quiet", what, text(share));
  return { group: "quiet", what, state: "limited", stands: text(share), mend };
}
