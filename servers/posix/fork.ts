/**
 * fork(2) of a running Deno process.
 *
 * V8 marks its heap and its code range MADV_DONTFORK, so a plain fork gives a child that dies with
 * SIGSEGV at once. One madvise(MADV_DOFORK) before each fork undoes that, and the child is whole: it
 * runs TypeScript, allocates and collects garbage. It has one thread and no event loop: synchronous
 * calls only, no promises, timers or console, and it ends with `exitNow`. Run such programs with
 * `--v8-flags=--single-threaded`, so that no compiler or collector thread is missing in the child.
 *
 * @module
 */
import { checked, printError } from "./errors.ts";
import { readText } from "./files.ts";
import { UnsupportedError } from "../errors.ts";
import { libc } from "./libc.ts";
import { exitNow, kill, wait, waitForExit } from "./processes.ts";
import { resetSignals, Signal, withSignalsBlocked } from "./signals.ts";

const MADV_DOFORK = 11;

/** An address range, as madvise(2) takes it. */
interface Range {
  readonly start: bigint;
  readonly length: bigint;
}

/**
 * What fork must copy: everything below and everything above the pages which the kernel itself maps
 * ([vvar], [vdso]), since madvise stops at those.
 */
let ranges: { readonly below: Range; readonly above: Range } | undefined;

/** Below this the kernel maps nothing (vm.mmap_min_addr). */
const LOWEST_ADDRESS = 0x10000n;

function forkableRanges(): { readonly below: Range; readonly above: Range } {
  const mappings = readText("/proc/self/maps").trim().split("\n").map((line) => {
    const [, start, end, kernels] = line.match(/^([0-9a-f]+)-([0-9a-f]+) .*?(\[v[a-z_]+\])?$/)!;
    return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), kernels: kernels !== undefined };
  });
  const own = mappings.filter((mapping) => !mapping.kernels);
  // [vsyscall] lies beyond everything a process can map.
  const kernels = mappings.filter(({ kernels, end }) => kernels && end < own.at(-1)!.end);
  const top = own.at(-1)!.end;
  const [from, to] = [kernels[0]?.start ?? top, kernels.at(-1)?.end ?? top];
  return {
    // From the lowest address on, not from the first mapping: V8 puts new pages anywhere.
    below: { start: LOWEST_ADDRESS, length: from - LOWEST_ADDRESS },
    above: { start: to, length: top - to },
  };
}

/**
 * How a child that was forked again ends: as a system call with a number, so that a rehearsal can have
 * the very same call with a number that does nothing.
 */
const SYS_exit_group = { x86_64: 231, aarch64: 94 }[Deno.build.arch];
const NO_CALL = -1;

/**
 * SAFETY: the advice changes nothing but what a fork copies. V8 marks each page it allocates, so that
 * nothing may be allocated between the advice and the fork: no function may return (that is where V8
 * compiles a hot one), nothing may be iterated or boxed. Hence straight-line code and local variables.
 * madvise reports ENOMEM, because of the holes between the mappings, and applies the advice all the same.
 */
function forkWhole(): number {
  const { below, above } = ranges ??= forkableRanges();
  const { start, length } = below;
  const { madvise, fork } = libc;
  madvise(above.start, above.length, MADV_DOFORK);
  madvise(start, length, MADV_DOFORK);
  const pid = fork();
  return pid;
}

/** What `forkAgain` returns in a rehearsal, instead of forking; undefined: there is none. */
let pretended: number | undefined;

/** From glibc 2.34 on there is a fork that skips the handlers of pthread_atfork. */
const bareFork = libc._Fork ?? libc.fork;

/** As forkWhole, with the cheapest fork there is. */
function forkBare(): number {
  const { below, above } = ranges ??= forkableRanges();
  const { start, length } = below;
  const { madvise } = libc;
  madvise(above.start, above.length, MADV_DOFORK);
  madvise(start, length, MADV_DOFORK);
  const pid = pretended ?? bareFork();
  return pid;
}

/**
 * Forks the main thread of a Deno process that has an event loop and signal handlers. The child runs
 * `body` and ends with its result as exit code (1 after an error, which goes to standard error).
 *
 * @returns the child's process number.
 * @throws {SystemError} such as EAGAIN, where there may be no more processes.
 */
export function fork(body: () => number | void): number {
  return withSignalsBlocked(() => {
    const pid = checked(forkWhole(), "fork", "fork");
    if (pid > 0) return pid;
    let code = 1;
    try {
      resetSignals();
      code = body() ?? 0;
    } catch (error) {
      printError(`${error instanceof Error ? error.message : error}`);
    }
    return exitNow(code);
  });
}

/**
 * Forks a process that was forked already: it has one thread and no handlers, so there is nothing to
 * reset and nothing for pthread_atfork to do, which saves 60 µs on each side.
 *
 * @returns the child's process number.
 */
export function forkAgain(body: () => number | void): number {
  const pid = forkBare();
  if (pid > 0) return pid;
  if (pid === -1) checked(pid, "fork", "fork a child");
  let code = 1;
  try {
    code = body() ?? 0;
  } catch (error) {
    printError(`${error instanceof Error ? error.message : error}`);
  }
  libc.end(pretended === undefined ? SYS_exit_group : NO_CALL, code);
  return pid;
}

/**
 * Runs `body`, in which `forkAgain` forks nothing and returns `pid`: as its parent sees a child (1) or,
 * with all that a child does but its end, as the child itself (0).
 */
export function pretend(pid: 0 | 1, body: () => void): void {
  pretended = pid;
  try {
    body();
  } finally {
    pretended = undefined;
  }
}

/** How a proof of fork went. */
export interface ForkProbe {
  readonly works: boolean;
  readonly attempts: number;
  /** Why it does not work, or null. */
  readonly reason: string | null;
}

const PROOF_CODE = 42;
const PROOF_LIMIT_MS = 5000;

/** Forks a child that allocates and must end with a known code within a time limit; tries twice. */
export function probeFork(): ForkProbe {
  let reason: string | null = null;
  for (let attempts = 1; attempts <= 2; attempts++) {
    try {
      reason = proveOnce();
    } catch (error) {
      reason = (error as Error).message;
    }
    if (reason === null) return { works: true, attempts, reason };
  }
  return { works: false, attempts: 2, reason };
}

function proveOnce(): string | null {
  const pid = fork(() => {
    const objects = Array.from({ length: 20_000 }, (_, i) => ({ name: `object ${i}`, i }));
    return objects.reduce((sum, object) => sum + object.i, 0) === 199_990_000 ? PROOF_CODE : 1;
  });
  if (!waitForExit(pid, PROOF_LIMIT_MS)) kill(pid, Signal.KILL);
  const end = wait(pid);
  if (end?.code === PROOF_CODE) return null;
  if (end?.signal === Signal.KILL) return `a forked child did not end within ${PROOF_LIMIT_MS} ms`;
  return end?.signal !== undefined
    ? `a forked child ended by signal ${end.signal}`
    : `a forked child ended with code ${end?.code}`;
}

/** @throws {UnsupportedError} where fork does not work. */
export function requireFork(): void {
  const { works, reason } = probeFork();
  if (!works) {
    throw new UnsupportedError(
      `Cannot fork a Deno process here: ${reason}; designs made of Workers need no fork (deno task designs)`,
    );
  }
}
