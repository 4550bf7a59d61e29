/**
 * A control group for a server: the kernel accounts the CPU time of all its processes together, including
 * those that have terminated (cgroups(7)).
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked, Errno, hasErrno, SystemError } from "./errors.ts";
import { namesIn, readText, tryReadText, writeText } from "./files.ts";
import { cString, libc } from "./libc.ts";
import { lockWithin } from "./locking.ts";
import { waitForExit } from "./processes.ts";

/** A cgroup hierarchy that accounts CPU time: cpuacct of version 1, or the unified one of version 2. */
interface Hierarchy {
  readonly source: "cgroup v1" | "cgroup v2";
  /** Folder of this process's cgroup. */
  readonly folder: string;
  /** CPU seconds of the cgroup with that folder. */
  readonly cpuSeconds: (folder: string) => number;
}

/** A cgroup that this process is in. */
export interface OwnCgroup {
  readonly version: 1 | 2;
  /** The controllers of a hierarchy of version 1; none of version 2. */
  readonly controllers: readonly string[];
  /** Its folder, and those of the cgroups above it that can be seen from here (cgroup_namespaces(7)). */
  readonly folders: readonly [own: string, ...above: string[]];
}

/** The cgroups of this process in all hierarchies that are mounted. */
export function ownCgroups(
  memberships = tryReadText("/proc/self/cgroup") ?? "",
  mountinfo = tryReadText("/proc/self/mountinfo") ?? "",
): OwnCgroup[] {
  // proc_pid_mountinfo(5): … root, mount point, … "-", type, source, options of the file system.
  const mounts = mountinfo.split("\n").map((line) => {
    const [mount = "", system = ""] = line.split(" - ");
    const [, , , root = "", place = ""] = mount.split(" ");
    const [type, , options = ""] = system.split(" ");
    return { root, place, type, options: options.split(",") };
  });
  return memberships.trim().split("\n").flatMap((line): OwnCgroup[] => {
    const [, list = "", path = "/"] = line.match(/^\d+:([^:]*):(.*)$/) ?? [];
    const controllers = list === "" ? [] : list.split(",");
    const mount = mounts.find(({ type, options }) =>
      list === ""
        ? type === "cgroup2"
        : type === "cgroup" && controllers.every((name) => options.includes(name))
    );
    if (mount === undefined) return [];
    const version = list === "" ? 2 : 1;
    return [{ version, controllers, folders: foldersOf(path, mount) }];
  });
}

/** The folders of the cgroup with that path, from its own up to the mount point. */
function foldersOf(path: string, { root, place }: { root: string; place: string }) {
  const top = root === "/" ? "" : root;
  // A container sees its own cgroup as the mount's root, and may be told a path outside of it.
  const below = `${path}/`.startsWith(`${top}/`) && !path.startsWith("/..")
    ? path.slice(top.length).split("/").filter(Boolean)
    : [];
  const folders = [place];
  for (const name of below) folders.unshift(`${folders[0]}/${name}`);
  return folders as [string, ...string[]];
}

/** The hierarchies of this machine, version 1 first because it counts nanoseconds. */
export function hierarchies(): Hierarchy[] {
  return ownCgroups().flatMap(({ version, controllers, folders: [folder] }): Hierarchy[] => {
    if (version === 2) return [{ ...VERSION_2, folder }];
    // Mounted with the cpu controller, a new group would also change scheduling.
    return controllers.join() === "cpuacct" ? [{ ...VERSION_1, folder }] : [];
  }).toSorted((a, b) => a.source < b.source ? -1 : 1);
}

/** The cgroups that limit how many threads and processes this one and others in them may have, by folder. */
export function threadLimits(): string[] {
  return ownCgroups()
    .filter(({ version, controllers }) => version === 2 || controllers.includes("pids"))
    .flatMap(({ folders }) => folders);
}

/** How many more threads those cgroups allow; Infinity: they have no limit. */
export function freeThreads(limits: readonly string[]): number {
  return limits.reduce((least, folder) => {
    const most = Number(tryReadText(`${folder}/pids.max`) ?? NaN); // or "max"
    if (Number.isNaN(most)) return least;
    return Math.min(least, most - Number(tryReadText(`${folder}/pids.current`) ?? 0));
  }, Infinity);
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

/** Process numbers may be the same in two pid namespaces, whose cgroups lie in the same folder. */
const PREFIX = "herd-server-";

/** A name for the cgroup of a server that no other one has. */
export function newCgroupName(): string {
  return `${PREFIX}${crypto.randomUUID()}`;
}

/** A cgroup of a server, initially without processes. */
export class Cgroup {
  readonly #hierarchy: Hierarchy;
  readonly #folder: string;
  readonly #lock: number;

  private constructor(hierarchy: Hierarchy, folder: string, lock: number) {
    this.#hierarchy = hierarchy;
    this.#folder = folder;
    this.#lock = lock;
  }

  /**
   * Creates a cgroup with that name, and removes those of servers whose host and starter were both killed.
   *
   * @returns undefined if this process may not.
   */
  static create(name: string, among = hierarchies()): Cgroup | undefined {
    for (const hierarchy of among) {
      // One server at a time: another would take a cgroup that is not locked yet for one that nobody owns.
      const turn = tryLock(hierarchy.folder, TURN_TIMEOUT_MS);
      if (turn !== undefined) removeUnowned(hierarchy.folder);
      const folder = `${hierarchy.folder}/${name}`;
      const lock = libc.mkdir(cString(folder), 0o755) === 0 ? tryLock(folder) : undefined;
      if (turn !== undefined) libc.close(turn);
      if (lock !== undefined) return new Cgroup(hierarchy, folder, lock);
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

  /**
   * Moves this process into it, with all its threads and future children.
   *
   * @returns whether it could: no process may enter a cgroup below one with threads of its own (`cgroup.type`
   * is "domain threaded"), or without the right to write both.
   */
  enter(): boolean {
    try {
      writeText(`${this.#folder}/cgroup.procs`, "0");
      return true;
    } catch (error) {
      if (error instanceof SystemError) return false;
      throw error;
    }
  }

  /** Whether no process is in it. */
  get isEmpty(): boolean {
    // Unreadable as well: EOPNOTSUPP where no process may enter.
    return (tryReadText(`${this.#folder}/cgroup.procs`) ?? "") === "";
  }

  /** Moves this process back into its previous cgroup. */
  leave(): void {
    writeText(`${this.#hierarchy.folder}/cgroup.procs`, "0");
  }

  /** Removes it. @throws {SystemError} EBUSY if it still has processes. */
  remove(): void {
    checked(libc.rmdir(cString(this.#folder)), "rmdir", `remove the cgroup ${this.#folder}`);
    libc.close(this.#lock);
  }
}

/** How long a server waits for others that make their cgroups. */
const TURN_TIMEOUT_MS = 1000;

/**
 * Locks the folder of a cgroup until this process ends, or closes the descriptor (flock(2)); undefined if another
 * has done so for that long, or the folder cannot be opened.
 */
function tryLock(folder: string, milliseconds = 0): number | undefined {
  const fd = libc.open(cString(folder), O_CLOEXEC, 0);
  if (fd === -1) return undefined;
  if (lockWithin(fd, milliseconds)) return fd;
  libc.close(fd);
}

/** Removes the cgroups of servers that are empty and that no host has locked. */
function removeUnowned(folder: string): void {
  for (const name of namesIn(folder).filter((name) => name.startsWith(PREFIX))) {
    const lock = tryLock(`${folder}/${name}`);
    if (lock === undefined) continue;
    libc.rmdir(cString(`${folder}/${name}`)); // fails while processes are in it
    libc.close(lock);
  }
}

/** Timeout for killed processes to leave their cgroup. */
const EXIT_TIMEOUT_MS = 1000;

/** Removes the cgroup with that name, whose host was killed, after its last process has terminated. */
export function removeLeftoverCgroup(name: string): void {
  for (const hierarchy of hierarchies()) {
    const folder = `${hierarchy.folder}/${name}`;
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
