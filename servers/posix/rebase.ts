/**
 * Makes forks of this process cheaper. fork(2) copies the page tables of private memory that was written
 * to, about 3000 entries in a Deno process, and they are freed again when the child exits. It need not copy
 * those of a private file mapping that was not written to. So the written memory is copied to a file in
 * memory, which is mapped in its place.
 *
 * @module
 */
import type { Usage } from "./clocks.ts";
import { CallsBackToBack, type CCall, stackPointer } from "./c_calls.ts";
import { Errno, errnoName, retryOrThrow, SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { forkAgain } from "./fork.ts";
import { close } from "./io.ts";
import { libc } from "./libc.ts";
import { createMemfd } from "./memory.ts";
import { getpid, wait } from "./processes.ts";

/** The number on x86-64, the only tested architecture; on others `rebase` does nothing. */
const [SYS_pwrite64, SYS_madvise] = [18, 28];
const MADV_DONTNEED = 4;
const MAP_PRIVATE_FIXED = 0x12;

/** The file's name, which the mappings show. */
const NAME = "herd-rebase";

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

/** V8's own code, which has a protection key, is in larger mappings; smaller ones are Deno's calls of C functions. */
const MAX_CALLS_BYTES = 128 * 1024;

/** Private memory that a process wrote to, except its stack, V8's code, and large or mostly unwritten mappings. */
function writtenMappings(smaps: string): Mapping[] {
  const found: Mapping[] = [];
  let offset = 0;
  for (const entry of smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const head = entry.match(/^([0-9a-f]+)-([0-9a-f]+) (r)([w-])([x-])p \S+ \S+ \d+ *(.*)/);
    const written = Number(entry.match(/\nAnonymous:\s+(\d+) kB/)?.[1] ?? 0) * 1024;
    if (!head || written === 0) continue;
    const [, from, to, , writable, executable, name] = head as unknown as string[];
    const start = Number.parseInt(from!, 16);
    const length = Number.parseInt(to!, 16) - start;
    const isCode = executable === "x" && name === "" && length > MAX_CALLS_BYTES;
    if (/^\[(stack|v)/.test(name!) || isCode || length > MAX_BYTES) continue;
    // Of memory that was replaced before, one written page is enough: a fork copies the entries of those read, too.
    if (written / length < MIN_WRITTEN && !name!.includes(NAME)) continue;
    const protection = 1 | (writable === "w" ? 2 : 0) | (executable === "x" ? 4 : 0);
    found.push({ start, length, protection, offset });
    offset += length;
  }
  return found;
}

/**
 * Replaces written private memory by a mapping of its copy, and frees the unused stack. The process must have
 * a single thread.
 *
 * @param account gets the usage of the child that finds the memory.
 * @returns 0, or an error number if the memory was not replaced.
 */
export function rebase(account?: (usage: Usage) => void): number {
  if (Deno.build.arch !== "x86_64") return Errno.ENOSYS;
  try {
    return replace(account);
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

/** More calls than a Deno process needs for its mappings, even that of all tests. Memory is taken for those made only. */
const MAX_CALLS = 4000;

/**
 * A forked child finds the mappings and sets the calls: in this process that would write to as many pages
 * again as are replaced, and have V8 collect garbage.
 *
 * SAFETY: a mapping must not change between copy and replacement, so both are consecutive C calls. The file's
 * memory is allocated before, so a copy cannot fail. Until then this process does nothing but wait.
 */
function replace(account?: (usage: Usage) => void): number {
  using calls = new CallsBackToBack(MAX_CALLS);
  const file = createMemfd(NAME, 0);
  const self = `/proc/${getpid()}`;
  try {
    const end = wait(forkAgain(() => {
      try {
        calls.set(replacing(file, readText(`${self}/smaps`)));
        return 0;
      } catch (error) {
        if (error instanceof SystemError) return error.errno;
        throw error;
      }
    }));
    if (end?.code === 0) calls.make();
    if (end) account?.(end.usage);
    return end?.code ?? Errno.ECHILD;
  } finally {
    close(file);
  }
}

function replacing(file: number, smaps: string): CCall[] {
  const mappings = writtenMappings(smaps);
  const { offset, length } = mappings.at(-1)!; // there are always some: V8's heap
  const bytes = offset + length;
  while (libc.fallocate(file, 0, 0n, BigInt(bytes)) < 0) {
    retryOrThrow("fallocate", `allocate ${bytes} bytes for a copy of this process`);
  }
  const [syscall, map] = [libc.addressOfSyscall!, libc.addressOfMmap!];
  const replacements = mappings.flatMap(({ start, length, protection, offset }) => [
    { address: syscall, args: [SYS_pwrite64, file, start, length, offset] },
    { address: map, args: [start, length, protection, MAP_PRIVATE_FIXED, file, offset] },
  ]);
  const stack = Number.parseInt(smaps.match(/^([0-9a-f]+)-.*\[stack\]$/m)?.[1] ?? "", 16);
  // SAFETY: this process's stack ends above; 64 KiB are for what it calls until then.
  const unused = Math.floor(stackPointer() / 65536 - 1) * 65536 - stack;
  if (!(unused > 0)) return replacements;
  return [{ address: syscall, args: [SYS_madvise, stack, unused, MADV_DONTNEED] }, ...replacements];
}
