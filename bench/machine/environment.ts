/**
 * The machine that a run is measured on.
 *
 * @module
 */
import { gunzipSync } from "node:zlib";
import { fileSystemOf, libcVersion, readBytes, tryReadText } from "../../servers/posix/files.ts";
import { close } from "../../servers/posix/io.ts";
import { unlinkedFile } from "../../servers/posix/locking.ts";
import { uncountedEvents } from "../../servers/posix/event_counts.ts";
import type { ForkProbe } from "../../servers/posix/fork.ts";
import { findLoopback } from "../../servers/posix/network.ts";
import { affinity } from "../../servers/posix/processes.ts";
import { readCheckout } from "./checkout.ts";
import { backlogLimit, loadAverages, timeWaitLimit } from "./counters.ts";
import { processorModel } from "./processor.ts";
import { readQuota } from "./quota.ts";
import type { Environment } from "../record/record.ts";

const PROCESSORS = "/sys/devices/system/cpu";

/** Flaws whose mitigations make system calls or context switches slower. */
const FLAWS = [
  "itlb_multihit",
  "l1tf",
  "mds",
  "meltdown",
  "mmio_stale_data",
  "retbleed",
  "spec_rstack_overflow",
  "spec_store_bypass",
  "spectre_v1",
  "spectre_v2",
  "srbds",
  "tsx_async_abort",
  "gather_data_sampling",
  "reg_file_data_sampling",
  "indirect_target_selection",
  "vmscape",
] as const;

/** Reads the environment from /proc and /sys. */
export function readEnvironment(fork: ForkProbe): Environment {
  const sysctl = (name: string) => tryReadText(`/proc/sys/kernel/${name}`)?.trim();
  const cpuinfo = tryReadText("/proc/cpuinfo") ?? "";
  const memory = tryReadText("/proc/meminfo")?.match(/^MemTotal:\s+(\d+) kB/m)?.[1];
  const autogroup = sysctl("sched_autogroup_enabled");
  const pressure = tryReadText("/proc/pressure/cpu")?.match(/^some avg10=([\d.]+)/m)?.[1];
  return {
    system: sysctl("ostype") ?? Deno.build.os,
    kernel: sysctl("osrelease") ?? "unknown",
    architecture: Deno.build.arch,
    libc: libcVersion(),
    cpu: processorModel(cpuinfo),
    processors: affinity().length,
    cpuset: tryReadText("/proc/self/status")?.match(/^Cpus_allowed_list:\s*(\S+)/m)?.[1] ?? null,
    online: tryReadText("/proc/stat")?.match(/^cpu\d/gm)?.length ?? null,
    quota: readQuota(),
    timeWaitLimit: timeWaitLimit(),
    backlogLimit: backlogLimit(),
    memoryBytes: memory === undefined ? null : Number(memory) * 1024,
    autogroup: autogroup === undefined ? null : autogroup === "1",
    governor: tryReadText(`${PROCESSORS}/cpu0/cpufreq/scaling_governor`)?.trim() ?? null,
    mitigations: mitigations(),
    loadAverage: loadAverages(),
    cpuPressurePercent: pressure === undefined ? null : Number(pressure),
    uncounted: uncountedEvents(),
    irqTimeAccounting: irqTimeAccounting(sysctl("osrelease") ?? ""),
    lockFileSystem: lockFileSystem(),
    loopback: findLoopback() ?? null,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    ...readCheckout(),
    fork,
  };
}

/**
 * Whether interrupts' time is counted apart, by how the kernel was configured and started (sched_clock_irqtime);
 * null: nobody can read that.
 */
function irqTimeAccounting(release: string): boolean | null {
  const config = tryReadText(`/boot/config-${release}`) ?? packedConfig();
  if (config === undefined) return null;
  const isOff = /\btsc=noirqtime\b/.test(tryReadText("/proc/cmdline") ?? "");
  return /^CONFIG_IRQ_TIME_ACCOUNTING=y$/m.test(config) && !isOff;
}

/** The configuration of the running kernel, where it has that in itself. */
function packedConfig(): string | undefined {
  try {
    return gunzipSync(readBytes("/proc/config.gz")).toString();
  } catch {
    return undefined;
  }
}

/** The file system of a lock file, made as servers make theirs. */
function lockFileSystem(): string | null {
  const file = unlinkedFile();
  const fileSystem = fileSystemOf(file);
  close(file);
  return fileSystem;
}

/** The mitigations for flaws that affect this processor. */
function mitigations(): Environment["mitigations"] {
  const folder = `${PROCESSORS}/vulnerabilities`;
  const found = FLAWS.flatMap((flaw) => {
    const says = tryReadText(`${folder}/${flaw}`)?.trim();
    return says === undefined || says === "Not affected" ? [] : [[flaw, says] as const];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}
