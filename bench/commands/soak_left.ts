/**
 * What a server may leave behind, counted: `soak` compares it before and after.
 *
 * @module
 */
import { hierarchies } from "../../servers/posix/cgroup.ts";
import {
  descendantsOf,
  hasExited,
  namesIn,
  proportionalMemory,
  tryReadText,
} from "../../servers/posix/files.ts";
import { pause } from "./soak_faults.ts";

/** Numbers of things that must not become more. */
export type Left = Record<"processes" | "descriptors" | "cgroups" | "files", number>;

/** Nothing is left. */
export const NONE: Readonly<Left> = { processes: 0, descriptors: 0, cgroups: 0, files: 0 };

/** How long what is no longer needed may take to go. */
const SETTLE_MS = 10_000;

/** How much more there is than before, once it has had time to go. */
export async function growth<Name extends keyof Left>(
  read: () => Readonly<Record<Name, number>>,
  before: Readonly<Record<Name, number>>,
): Promise<Record<Name, number>> {
  for (const end = performance.now() + SETTLE_MS;;) {
    const now = read();
    const more = Object.fromEntries(
      (Object.keys(before) as Name[]).map((name) => [name, Math.max(0, now[name] - before[name])]),
    ) as Record<Name, number>;
    if (performance.now() > end || Object.values(more).every((count) => count === 0)) return more;
    await pause(20);
  }
}

/** Processes below this one, its descriptors, cgroups without processes, and files in a folder or of locks. */
export function present(folder: string): Left {
  const cgroups = hierarchies().flatMap(({ folder }) =>
    namesIn(folder).filter((name) =>
      name.startsWith("herd-") && tryReadText(`${folder}/${name}/cgroup.procs`) === ""
    )
  );
  const locks = namesIn("/tmp").filter((name) => name.startsWith("herd-lock-"));
  return {
    processes: descendantsOf(Deno.pid).filter((pid) => !hasExited(pid)).length,
    descriptors: namesIn("/proc/self/fd").length,
    cgroups: cgroups.length,
    files: namesIn(folder).length + locks.length,
  };
}

/** Open descriptors of a process and all below it. */
export function openIn(pid: number): Pick<Left, "descriptors"> {
  return {
    descriptors: sumOfTree(pid, (pid) => {
      try {
        return namesIn(`/proc/${pid}/fd`).length;
      } catch {
        return 0; // it has ended meanwhile
      }
    }),
  };
}

/** Memory of a process and all below it in bytes, shared pages by share. */
export function memoryOf(pid: number): number {
  return sumOfTree(pid, (pid) => proportionalMemory(pid) ?? 0);
}

function sumOfTree(pid: number, of: (pid: number) => number): number {
  return [pid, ...descendantsOf(pid)].reduce((sum, pid) => sum + of(pid), 0);
}
