/**
 * Makes forks of this process cheaper: fork(2) copies the page tables of private memory that was written
 * to, some 3000 entries of a Deno process, and at the child's end they are torn down again. A private
 * mapping of a file that was not written to since costs it nothing. So what the process has written
 * until now is put into a file in memory, which is then mapped in its place.
 *
 * @module
 */
import { readText } from "./files.ts";
import { libc } from "./libc.ts";
import { memoryFile } from "./memory.ts";
import { close } from "./sockets.ts";

/** Numbers of x86-64 (the one this was tried on); elsewhere nothing is done. */
const SYS_pwrite64 = 18;
const SYS_mmap = 9;
const MAP_PRIVATE_FIXED = 0x12;

interface Mapping {
  readonly start: number;
  readonly length: number;
  readonly protection: number;
  /** Where its copy lies in the file. */
  readonly offset: number;
}

const PAGE = 4096;
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
 * @returns whether it was done.
 */
export function rebase(): boolean {
  if (Deno.build.arch !== "x86_64") return false;
  const mappings = writtenMappings();
  const last = mappings.at(-1);
  if (!last) return false;
  const file = memoryFile("herd-rebase", last.offset + last.length);
  const copy = ({ start, length, offset }: Mapping) =>
    [SYS_pwrite64, file, start, length, offset, 0, 0] as const;
  const calls = (second: (mapping: Mapping) => readonly number[]) =>
    new Float64Array(mappings.flatMap((mapping) => [...copy(mapping), ...second(mapping)]));
  const rehearsal = calls((mapping) => copy({ ...mapping, length: PAGE }));
  const swap = calls(({ start, length, protection, offset }) =>
    [SYS_mmap, start, length, protection, MAP_PRIVATE_FIXED, file, offset] as const
  );
  // SAFETY: nothing may change in a mapping between its copy and its replacement. Both are calls of the
  // same C function in the same form, so the allocators stand in both as they stood in the other; and
  // the loop has run before, so V8 has nothing left to set up in it. What it boxes is dead by then.
  run(rehearsal);
  run(rehearsal);
  run(swap);
  close(file);
  return true;
}

function run(calls: Float64Array): void {
  // Numbers where the types want bigint: those would be allocated.
  const syscall = libc.syscall as unknown as (...numbers: number[]) => number;
  for (let i = 0; i < calls.length; i += 14) {
    syscall(
      calls[i]!,
      calls[i + 1]!,
      calls[i + 2]!,
      calls[i + 3]!,
      calls[i + 4]!,
      calls[i + 5]!,
      calls[i + 6]!,
    );
    syscall(
      calls[i + 7]!,
      calls[i + 8]!,
      calls[i + 9]!,
      calls[i + 10]!,
      calls[i + 11]!,
      calls[i + 12]!,
      calls[i + 13]!,
    );
  }
}
