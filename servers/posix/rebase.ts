/**
 * Makes forks of this process cheaper. fork(2) copies the page tables of private memory that was written
 * to, about 3000 entries in a Deno process, and they are freed again when the child exits. It need not copy
 * those of a private file mapping that was not written to. So the written memory is copied to a file in
 * memory, which is mapped in its place.
 *
 * @module
 */
import { callBackToBack } from "./c_calls.ts";
import { Errno, errnoName, retryOrThrow, SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { close } from "./io.ts";
import { libc } from "./libc.ts";
import { createMemfd } from "./memory.ts";

/** The number on x86-64, the only tested architecture; on others `rebase` does nothing. */
const SYS_pwrite64 = 18;
const MAP_PRIVATE_FIXED = 0x12;

interface Mapping {
  readonly start: number;
  readonly length: number;
  readonly protection: number;
  /** Offset of its copy in the file. */
  readonly offset: number;
}

/** Mappings larger than this many bytes are not worth copying. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Minimum written share of a mapping. It excludes stacks of threads lost at fork, large and nearly empty. */
const MIN_WRITTEN = 1 / 16;

/** Private memory that was written to, except this thread's stack, code, and large or mostly unwritten mappings. */
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
    if (/^\[(stack|v)/.test(name!) || isCode || length > MAX_BYTES) continue;
    if (written / length < MIN_WRITTEN) continue;
    const protection = 1 | (writable === "w" ? 2 : 0) | (executable === "x" ? 4 : 0);
    found.push({ start, length, protection, offset });
    offset += length;
  }
  return found;
}

/**
 * Replaces written private memory by a mapping of its copy. The process must have a single thread.
 *
 * @returns 0, or an error number if the memory was not replaced.
 */
export function rebase(): number {
  if (Deno.build.arch !== "x86_64") return Errno.ENOSYS;
  try {
    replace(writtenMappings());
    return 0;
  } catch (error) {
    if (error instanceof SystemError) return error.errno;
    throw error;
  }
}

/** Why `rebase` did not replace the memory, by its result; null if it did. */
export function rebaseFailure(error: number): string | null {
  if (error === 0) return null;
  if (error === Errno.ENOSYS) return "supported on x86-64 only";
  return `the memory of the server process could not be copied: ${errnoName(error)}`;
}

/**
 * SAFETY: a mapping must not change between copy and replacement, so both are consecutive C calls. The file's
 * memory is allocated before, so a copy cannot fail.
 */
function replace(mappings: readonly Mapping[]): void {
  const { offset, length } = mappings.at(-1)!; // there are always some: V8's heap
  const bytes = offset + length;
  const file = createMemfd("herd-rebase", bytes);
  try {
    while (libc.fallocate(file, 0, 0n, BigInt(bytes)) < 0) {
      retryOrThrow("fallocate", `allocate ${bytes} bytes for a copy of this process`);
    }
    const [copy, map] = [libc.addressOfSyscall!, libc.addressOfMmap!];
    callBackToBack(mappings.flatMap(({ start, length, protection, offset }) => [
      { address: copy, args: [SYS_pwrite64, file, start, length, offset] },
      { address: map, args: [start, length, protection, MAP_PRIVATE_FIXED, file, offset] },
    ]));
  } finally {
    close(file);
  }
}
