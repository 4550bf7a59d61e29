/**
 * The limits of this machine beside what the default bench and the largest one need.
 *
 * @module
 */
import { timeWaitLimit } from "../machine/counters.ts";
import { readQuota } from "../machine/quota.ts";
import { makePlan } from "../plan/plan.ts";
import { boundsOf, type Limits, readLimits } from "../plan/preflight.ts";
import { RANGES } from "../plan/ranges.ts";
import { MOST_PROCESSES } from "../plan/service.ts";
import type { Plan } from "../record/record.ts";
import { usualDesigns } from "../../servers/designs.ts";
import { tryReadText } from "../../servers/posix/files.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { type Check, fine } from "./check.ts";

const plan = (options: Partial<Plan>) =>
  makePlan({ designs: usualDesigns(false).map(({ id }) => id), seed: 0, rounds: 1, ...options });

/** The default bench, and one with the most clients and children, and as many connections. */
const USUAL = plan({});
const MOST = plan({ clients: MOST_PROCESSES, children: RANGES.children[1], connections: 5 });

/** Reads everything that bounds a bench. */
export function limits(): Check[] {
  return [...bounds(readLimits()), backlog(), timeWaits(), quota(), processors()];
}

/** The limits beside what the default bench and the largest one need. */
export function bounds(limits: Limits): Check[] {
  const [usual, most] = [boundsOf(USUAL, limits), boundsOf(MOST, limits)];
  return usual.map(({ what, needed, found, mend }, index): Check => {
    const largest = most[index]!;
    const stands =
      `${found === Infinity ? "no limit" : found}; the default bench needs ${needed}, ` +
      `1000 clients and children ${largest.needed}`;
    const check = { group: "limit", what, stands } as const;
    if (found < needed) return { ...check, state: "missing", mend };
    if (found < largest.needed) return { ...check, state: "limited", mend: largest.mend };
    return { ...check, state: "ok", mend: null };
  });
}

/** A bound in /proc/sys that costs accuracy alone. */
function parameter(what: string, name: string, enough: number, why: string): Check {
  const found = Number(tryReadText(`/proc/sys/${name.replaceAll(".", "/")}`) ?? NaN);
  if (Number.isNaN(found)) return fine("limit", what, "unknown");
  if (found >= enough) return fine("limit", what, `${found}`);
  return {
    group: "limit",
    what,
    state: "limited",
    stands: `${found}; ${why}`,
    mend: `sudo sysctl -w ${name}=${enough}`,
  };
}

function backlog(): Check {
  const most = MOST_PROCESSES;
  return parameter(
    "connections that wait for accept (somaxconn)",
    "net.core.somaxconn",
    most,
    `${most} clients may come at a time`,
  );
}

function timeWaits(): Check {
  const what = "connections in TIME_WAIT";
  const enough = USUAL.clients * USUAL.connections;
  if (timeWaitLimit() === null) return fine("limit", what, "unknown");
  const why = `a trial makes ${enough}, and those that the kernel forgets cost less than usual`;
  return parameter(what, "net.ipv4.tcp_max_tw_buckets", enough, why);
}

function quota(): Check {
  const what = "CPU quota";
  const found = readQuota();
  if (found === null) return fine("limit", what, "none");
  return {
    group: "limit",
    what,
    state: "limited",
    stands:
      `${found.processors} processors, by ${found.file}: it stops server and clients in between`,
    mend: "raise it, or start the container without --cpus",
  };
}

function processors(): Check {
  const what = "processors that Herd may use";
  const count = affinity().length;
  if (count > 1) return fine("limit", what, `${count}`);
  return {
    group: "limit",
    what,
    state: "limited",
    stands: "1, which server and clients share",
    mend: "start Herd with more, such as taskset -c 0,1",
  };
}
