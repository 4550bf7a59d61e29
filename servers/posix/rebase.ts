/**
 * Makes forks of this process cheaper: fork(2) copies the page tables of private memory that was written
 * to, some 3000 entries of a Deno process, and at the child's end they are torn down again. A private
 * mapping of a file that was not written to since costs it nothing. So what the process has written
 * until now is put into a file in memory, which is then mapped in its place.
 *
 * @module
 */
import { callBackToBack } from "./c_calls.ts";
import { readText } from "./files.ts";
import { libc } from "./libc.ts";
import { createMemfd } from "./memory.ts";
import { close } from "./sockets.ts";

/** The number of x86-64 (the one this was tried on); elsewhere nothing is done. */
const SYS_pwrite64 = 18;
const MAP_PRIVATE_FIXED = 0x12;

interface Mapping {
  readonly start: number;
  readonly length: number;
  readonly protection: number;
  /** Where its copy lies in the file. */
  readonly offset: number;
}

const LARGEST = 8 * 1024 * 1024;

/** The stacks of threads that are not in this process any more are large and all but empty. */
const LEAST_SHARE = 1 / 16;

/** Private memory that was written to, except this thread's stack, code, and what is larger than worth it. */
function writtenMappings(): Mapping[] {
  const found: Mapping[] = [];
  let offset = 0;
  for (const entry of readText("/proc/self/smaps").split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const head = entry.match(/^([0-9a-f]+)-([0-9a-f]+) (r)([w-])([x-])p \S+ \S+ \d+ *(.*)/);
    const written = Number(entry.match(/\nAnonymous:\s+(\d+) kB/)?.[1] ?? 0) * 1024;
    if (!head || written === 0) continue;
    const [, from, to, , writable, executable, name] = head as unknown as string[];
    const start = Number.parseInt(from!, 16);
    const length = Number.parseInt(to!, 16) - start;
    const isCode = executable === "x" && name === "";
    if (/^\[(stack|v)/.test(name!) || isCode || length > LARGEST) continue;
    if (written / length < LEAST_SHARE) continue;
    const protection = 1 | (writable === "w" ? 2 : 0) | (executable === "x" ? 4 : 0);
    found.push({ start, length, protection, offset });
    offset += length;
  }
  return found;
}

/**
 * Replaces written private memory by a mapping of its copy. For a process with a single thread only.
 *
 * SAFETY: nothing may change in a mapping between its copy and its replacement, so that both are C calls
 * without anything between them; the file has its memory before, so that the copies cannot fail.
 *
 * @returns whether it was done.
 */
export function rebase(): boolean {
  if (Deno.build.arch !== "x86_64") return false;
  const mappings = writtenMappings();
  const last = mappings.at(-1);
  if (!last) return false;
  const bytes = last.offset + last.length;
  const file = createMemfd("herd-rebase", bytes);
  const hasMemory = libc.fallocate(file, 0, 0n, BigInt(bytes)) === 0;
  if (hasMemory) {
    const [copy, map] = [libc.addressOfSyscall!, libc.addressOfMmap!];
    callBackToBack(mappings.flatMap(({ start, length, protection, offset }) => [
      { address: copy, args: [SYS_pwrite64, file, start, length, offset] },
      { address: map, args: [start, length, protection, MAP_PRIVATE_FIXED, file, offset] },
    ]));
  }
  close(file);
  return hasMemory;
}
