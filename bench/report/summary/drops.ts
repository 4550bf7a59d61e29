/**
 * What the kernel dropped during the trials of a run, as warnings.
 *
 * @module
 */
import { nameOf } from "../../plan/plan.ts";
import type { Run } from "../../record/types.ts";
import type { Series } from "./series.ts";

/** The default of net.core.somaxconn since Linux 5.4, and the backlog that our servers ask for. */
const USUAL_BACKLOG = 4096;

/**
 * Says which trials, failed ones among them, lost attempts to connect or packets, and what mends it. The client's
 * kernel tries again, after a second for an attempt (TCP_TIMEOUT_INIT): the trial may have lost time only.
 */
export function droppedTexts(
  series: readonly Series[],
  { plan, environment: { backlogLimit } }: Run,
): string[] {
  const text = (
    name: "listenOverflows" | "conntrackDrops",
    what: (count: number) => string,
    mend: string,
  ) => {
    const hit = series.flatMap((one) => one.dropped.map((trial) => ({ one, ...trial })))
      .filter(({ kernel }) => (kernel[name] ?? 0) > 0).toSorted((a, b) => a.round - b.round);
    if (hit.length === 0) return [];
    const count = hit.reduce((sum, { kernel }) => sum + kernel[name]!, 0);
    const named = hit.map(({ one, round, kernel }) =>
      `${nameOf(one, plan.sweep)} in round ${round} (${kernel[name]})`
    );
    return [
      `${what(count)}: ${named.join(", ")}. Each was tried again after a while, so latency and ` +
      `throughput are wrong there. ${mend}, and measure again.`,
    ];
  };
  const backlog = backlogLimit ?? USUAL_BACKLOG;
  const isShort = backlog < USUAL_BACKLOG;
  return [
    ...text(
      "listenOverflows",
      (count) =>
        `${count} ${
          count === 1 ? "connection was" : "connections were"
        } dropped at a full backlog ` +
        `(net.core.somaxconn is ${backlogLimit ?? "unknown"})`,
      isShort ? `Run: sudo sysctl net.core.somaxconn=${USUAL_BACKLOG}` : "Use fewer --clients",
    ),
    ...text(
      "conntrackDrops",
      (count) =>
        `The firewall's table of connections was full, and ${count} ` +
        `${count === 1 ? "packet was" : "packets were"} dropped`,
      "Run: sudo sysctl net.netfilter.nf_conntrack_max=1000000",
    ),
  ];
}
