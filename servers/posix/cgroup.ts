/**
 * A control group for a server: the kernel accounts the CPU time of all its processes together, including
 * those that have terminated (cgroups(7)).
 *
 * @module
 */
import { checked, Errno, errno, hasErrno } from "./errors.ts";
import { readText, tryReadText, writeText } from "./files.ts";
import { cString, libc } from "./libc.ts";
import { waitForExit } from "./processes.ts";

/** A cgroup hierarchy that accounts CPU time: cpuacct of version 1, or the unified one of version 2. */
interface Hierarchy {
  readonly source: "cgroup v1" | "cgroup v2";
  /** Folder of this process's cgroup. */
  readonly folder: string;
  /** CPU seconds of the cgroup with that folder. */
  readonly cpuSeconds: (folder: string) => number;
}

/** The hierarchies of this machine, version 1 first because it counts nanoseconds. */
export function hierarchies(): Hierarchy[] {
  const mounts = (tryReadText("/proc/mounts") ?? "").split("\n").map((line) => line.split(" "));
  const own = (tryReadText("/proc/self/cgroup") ?? "").trim().split("\n").map((line) => {
    const [, controllers = "", path = "/"] = line.match(/^\d+:([^:]*):(.*)$/) ?? [];
    return { controllers: controllers.split(","), path: path.replace(/\/$/, "") };
  });
  return own.flatMap(({ controllers, path }): Hierarchy[] => {
    const unified = controllers[0] === "";
    // Mounted with the cpu controller, a new group would also change scheduling.
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

/** A cgroup of a server, initially without processes. */
export class Cgroup {
  readonly #hierarchy: Hierarchy;
  readonly #folder: string;

  private constructor(hierarchy: Hierarchy, folder: string) {
    this.#hierarchy = hierarchy;
    this.#folder = folder;
  }

  /** Creates the cgroup of the server with that host process; undefined if this process may not. */
  static create(host: number, among = hierarchies()): Cgroup | undefined {
    for (const hierarchy of among) {
      const folder = folderOf(hierarchy, host);
      const exists = libc.mkdir(cString(folder), 0o755) === 0 || errno() === Errno.EEXIST;
      if (exists) return new Cgroup(hierarchy, folder);
    }
  }

  /** The kind of its hierarchy. */
  get source(): Hierarchy["source"] {
    return this.#hierarchy.source;
  }

  /** CPU seconds of all processes since they entered it, including those that have terminated. */
  get cpuSeconds(): number {
    return this.#hierarchy.cpuSeconds(this.#folder);
  }

  /** Moves this process into it, with all its threads and future children. */
  enter(): void {
    writeText(`${this.#folder}/cgroup.procs`, "0");
  }

  /** Moves this process back into its previous cgroup. */
  leave(): void {
    writeText(`${this.#hierarchy.folder}/cgroup.procs`, "0");
  }

  /** Removes it. @throws {SystemError} EBUSY if it still has processes. */
  remove(): void {
    checked(libc.rmdir(cString(this.#folder)), "rmdir", `remove the cgroup ${this.#folder}`);
  }
}

function folderOf({ folder }: Hierarchy, host: number): string {
  return `${folder}/herd-${host}`;
}

/** Timeout for killed processes to leave their cgroup. */
const EXIT_TIMEOUT_MS = 1000;

/** Removes the cgroup of a host that was killed, after its last process has terminated. */
export function removeLeftoverCgroup(host: number): void {
  for (const hierarchy of hierarchies()) {
    const folder = folderOf(hierarchy, host);
    const processes = tryReadText(`${folder}/cgroup.procs`);
    if (processes === undefined) continue;
    processes.trim().split("\n").filter(Boolean).map(Number).forEach(waitIfRunning);
    libc.rmdir(cString(folder));
  }
}

function waitIfRunning(pid: number): void {
  try {
    waitForExit(pid, EXIT_TIMEOUT_MS);
  } catch (error) {
    if (!hasErrno(error, Errno.ESRCH)) throw error;
  }
}
