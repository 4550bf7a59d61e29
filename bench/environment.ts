/**
 * Where a run is measured.
 *
 * @module
 */
import { libcVersion, tryReadText } from "../servers/posix/files.ts";
import type { ForkProof } from "../servers/posix/fork.ts";
import type { Environment } from "./record.ts";

const GIT = new URL("../.git", import.meta.url).pathname;

/** Reads the environment from /proc. */
export function readEnvironment(fork: ForkProof): Environment {
  const sysctl = (name: string) => tryReadText(`/proc/sys/kernel/${name}`)?.trim();
  const cpuinfo = tryReadText("/proc/cpuinfo") ?? "";
  const memory = tryReadText("/proc/meminfo")?.match(/^MemTotal:\s+(\d+) kB/m)?.[1];
  const autogroup = sysctl("sched_autogroup_enabled");
  return {
    system: sysctl("ostype") ?? Deno.build.os,
    kernel: sysctl("osrelease") ?? "unknown",
    architecture: Deno.build.arch,
    libc: libcVersion(),
    cpu: cpuinfo.match(/^model name\s*:\s*(.*)$/m)?.[1] ?? null,
    processors: navigator.hardwareConcurrency,
    memoryBytes: memory === undefined ? null : Number(memory) * 1024,
    autogroup: autogroup === undefined ? null : autogroup === "1",
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    commit: commitOf(GIT),
    fork,
  };
}

/** The commit a git folder has checked out; null where there is none. */
export function commitOf(git: string): string | null {
  const head = tryReadText(`${git}/HEAD`)?.trim();
  const branch = head?.match(/^ref: (.*)$/)?.[1];
  if (branch === undefined) return head ?? null;
  const packed = tryReadText(`${git}/packed-refs`)?.split("\n") ?? [];
  return tryReadText(`${git}/${branch}`)?.trim() ??
    packed.find((line) => line.endsWith(` ${branch}`))?.split(" ")[0] ?? null;
}
