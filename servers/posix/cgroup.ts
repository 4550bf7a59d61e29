/**
 * A control group of its own for a server: an account of its CPU time that the kernel keeps as a whole,
 * whatever becomes of single processes (cgroups(7)).
 *
 * @module
 */
import { checked, Errno, errno, SystemError } from "./errors.ts";
import { readText, tryReadText, writeText } from "./files.ts";
import { cString, libc } from "./libc.ts";
import { waitForExit } from "./processes.ts";

/** Where a CPU account can be kept: cpuacct of version 1, or the one hierarchy of version 2. */
interface Hierarchy {
  readonly source: "cgroup v1" | "cgroup v2";
  /** Folder of the cgroup this process is in. */
  readonly folder: string;
  /** CPU seconds of the cgroup in that folder. */
  readonly cpuSeconds: (folder: string) => number;
}

/** The hierarchies that this machine has, the exact one first. */
export function hierarchies(): Hierarchy[] {
  const mounts = (tryReadText("/proc/mounts") ?? "").split("\n").map((line) => line.split(" "));
  const own = (tryReadText("/proc/self/cgroup") ?? "").trim().split("\n").map((line) => {
    const [, controllers = "", path = "/"] = line.match(/^\d+:([^:]*):(.*)$/) ?? [];
    return { controllers: controllers.split(","), path: path.replace(/\/$/, "") };
  });
  return own.flatMap(({ controllers, path }): Hierarchy[] => {
    const [unified] = [controllers[0] === ""];
    // Together with the cpu controller a new group would also be scheduled as one.
    if (!unified && controllers.join() !== "cpuacct") return [];
    const mount = mounts.find(([, , type, options]) =>
      unified ? type === "cgroup2" : type === "cgroup" && options!.split(",").includes("cpuacct")
    )?.[1];
    if (mount === undefined) return [];
    const folder = `${mount}${path}`;
    return [unified ? { ...VERSION_2, folder } : { ...VERSION_1, folder }];
  }).toSorted((a, b) => a.source < b.source ? -1 : 1);
}

const VERSION_1 = {
  source: "cgroup v1",
  cpuSeconds: (folder: string) => Number(readText(`${folder}/cpuacct.usage`)) / 1e9,
} as const;

const VERSION_2 = {
  source: "cgroup v2",
  cpuSeconds: (folder: string) =>
    Number(readText(`${folder}/cpu.stat`).match(/^usage_usec (\d+)/m)?.[1]) / 1e6,
} as const;

/** A cgroup made for a server. It is empty until somebody enters. */
export class Cgroup {
  readonly #hierarchy: Hierarchy;
  readonly #folder: string;

  private constructor(hierarchy: Hierarchy, folder: string) {
    this.#hierarchy = hierarchy;
    this.#folder = folder;
  }

  /** Makes the cgroup of the server whose host is that process; undefined where none can be made. */
  static make(host: number, among = hierarchies()): Cgroup | undefined {
    for (const hierarchy of among) {
      const folder = folderOf(hierarchy, host);
      const isThere = libc.mkdir(cString(folder), 0o755) === 0 || errno() === Errno.EEXIST;
      if (isThere) return new Cgroup(hierarchy, folder);
    }
  }

  /** Which kind it is. */
  get source(): Hierarchy["source"] {
    return this.#hierarchy.source;
  }

  /** CPU seconds of everyone who was ever in it, from when they entered. */
  get cpuSeconds(): number {
    return this.#hierarchy.cpuSeconds(this.#folder);
  }

  /** Puts this process into it, with all its threads, and the children it will have. */
  enter(): void {
    writeText(`${this.#folder}/cgroup.procs`, "0");
  }

  /** Puts this process back where it was. */
  leave(): void {
    writeText(`${this.#hierarchy.folder}/cgroup.procs`, "0");
  }

  /** Removes it. All its processes must have ended. */
  remove(): void {
    checked(libc.rmdir(cString(this.#folder)), "rmdir", `remove the cgroup ${this.#folder}`);
  }
}

function folderOf({ folder }: Hierarchy, host: number): string {
  return `${folder}/herd-${host}`;
}

/** How long processes that were killed may take to leave their cgroup. */
const LEAVING_MS = 1000;

/** Removes what is left of the cgroup of a host that was killed. */
export function removeLeftoverCgroup(host: number): void {
  for (const hierarchy of hierarchies()) {
    const folder = folderOf(hierarchy, host);
    const processes = tryReadText(`${folder}/cgroup.procs`);
    if (processes === undefined) continue;
    for (const pid of processes.trim().split("\n").filter(Boolean).map(Number)) {
      waitForEnd(pid);
    }
    libc.rmdir(cString(folder));
  }
}

function waitForEnd(pid: number): void {
  try {
    waitForExit(pid, LEAVING_MS);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== Errno.ESRCH) throw error;
  }
}
