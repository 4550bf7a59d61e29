/**
 * The CPU quota of this process's cgroups, and how long it has stopped them.
 *
 * @module
 */
import { type OwnCgroup, ownCgroups } from "../../servers/posix/cgroup.ts";
import { tryReadText } from "../../servers/posix/files.ts";
import type { Environment } from "../record/record.ts";

/** A quota, and where the kernel counts how long it stopped processes. */
interface Limited {
  readonly quota: NonNullable<Environment["quota"]>;
  readonly throttledSeconds: number | null;
}

/** The quotas of these cgroups and of those above them, as far as they can be seen. */
function limits(cgroups: readonly OwnCgroup[]): Limited[] {
  return cgroups.filter(({ version, controllers }) => version === 2 || controllers.includes("cpu"))
    .flatMap(({ version, folders }) =>
      folders.flatMap((folder) => {
        const name = version === 2 ? "cpu.max" : "cpu.cfs_quota_us";
        const text = tryReadText(`${folder}/${name}`) ?? "";
        // cgroup v2: "max 100000" or "50000 100000"; v1: -1 is no quota.
        const [quota, period = tryReadText(`${folder}/cpu.cfs_period_us`)] = text.split(" ");
        const processors = Number((Number(quota) / Number(period)).toPrecision(3));
        return text !== "" && processors > 0
          ? [{
            quota: { processors, file: `${folder}/${name}` },
            throttledSeconds: throttled(tryReadText(`${folder}/cpu.stat`) ?? ""),
          }]
          : [];
      })
    );
}

/** The throttled time in a cpu.stat: throttled_usec of version 2, throttled_time in nanoseconds of version 1. */
function throttled(stat: string): number | null {
  const [, unit, time] = stat.match(/^throttled_(usec|time) (\d+)/m) ?? [];
  return time === undefined ? null : Number(time) / (unit === "usec" ? 1e6 : 1e9);
}

/** The smallest quota; null: there is none. */
export function readQuota(cgroups: readonly OwnCgroup[] = ownCgroups()): Environment["quota"] {
  const quotas = limits(cgroups).map(({ quota }) => quota);
  return quotas.toSorted((a, b) => a.processors - b.processors)[0] ?? null;
}

/**
 * Seconds for which quotas have stopped processes so far, summed over processors; null: there is no quota, or
 * it cannot be read.
 */
export function throttledSeconds(cgroups: readonly OwnCgroup[] = ownCgroups()): number | null {
  const times = limits(cgroups).flatMap(({ throttledSeconds: time }) => time ?? []);
  return times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0);
}
