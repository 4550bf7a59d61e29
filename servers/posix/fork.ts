/**
 * fork(2) of a running Deno process.
 *
 * V8 marks its heap and code range MADV_DONTFORK, so the child of a plain fork dies of SIGSEGV at once. One
 * madvise(MADV_DOFORK) before each fork undoes that: the child runs TypeScript, allocates and collects
 * garbage. It has one thread and no event loop, so it is limited to synchronous calls, without promises,
 * timers and console, and must exit with `exitNow`. Run such programs with `--v8-flags=--single-threaded`,
 * because the compiler and collector threads do not exist in the child.
 *
 * @module
 */
import { pipe } from "./descriptors.ts";
import { checked, Errno, errno, errnoName, SystemError } from "./errors.ts";
import { readText } from "./files.ts";
import { UnsupportedError } from "../errors.ts";
import { type FailureMessage, failWith } from "./failure_message.ts";
import { close, read } from "./io.ts";
import { libc } from "./libc.ts";
import { exitNow, kill, wait, waitForExit } from "./processes.ts";
import { keepEndedChildren, resetSignals, Signal, withSignalsBlocked } from "./signals.ts";

const MADV_DOFORK = 11;

/** An address range for madvise(2). */
interface Range {
  readonly start: bigint;
  readonly length: bigint;
}

/**
 * The memory that fork must copy: everything below and above the kernel's own mappings ([vvar], [vdso]), at
 * which madvise stops.
 */
let ranges: { readonly below: Range; readonly above: Range } | undefined;

/** The lowest address that can be mapped (vm.mmap_min_addr). */
const LOWEST_ADDRESS = 0x10000n;

function forkableRanges(): { readonly below: Range; readonly above: Range } {
  const mappings = readText("/proc/self/maps").trim().split("\n").map((line) => {
    const [, start, end, name] = line.match(/^([0-9a-f]+)-([0-9a-f]+) .*?(\[v[a-z_]+\])?$/)!;
    return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`), isKernel: name !== undefined };
  });
  const top = mappings.findLast(({ isKernel }) => !isKernel)!.end;
  // [vsyscall] is above all addresses that a process can map.
  const kernel = mappings.filter(({ isKernel, end }) => isKernel && end < top);
  const [from, to] = [kernel[0]?.start ?? top, kernel.at(-1)?.end ?? top];
  return {
    // From the lowest address, not from the first mapping, because V8 allocates pages anywhere.
    below: { start: LOWEST_ADDRESS, length: from - LOWEST_ADDRESS },
    above: { start: to, length: top - to },
  };
}

/**
 * A child of `forkAgain` exits by a system call with a number, so that the warm-up can run the same code
 * with a number that does nothing.
 */
const SYS_exit_group = { x86_64: 231, aarch64: 94 }[Deno.build.arch];
const NO_CALL = -1;

/**
 * SAFETY: the advice only changes what fork copies. V8 marks each new page MADV_DONTFORK, so nothing may be
 * allocated between the advice and the fork: no function may return (V8 compiles hot functions then), and
 * nothing may be iterated or boxed. Hence straight-line code and local variables. madvise returns ENOMEM
 * because of the gaps between mappings, but applies the advice.
 */
function forkWithHeap(): number {
  const { below, above } = ranges ??= forkableRanges();
  const { start, length } = below;
  const { madvise, fork } = libc;
  madvise(above.start, above.length, MADV_DOFORK);
  madvise(start, length, MADV_DOFORK);
  const pid = fork();
  return pid;
}

/** The result of `forkAgain` in `simulateForks`; undefined: it forks. */
let simulated: number | undefined;

/** The fork that skips pthread_atfork handlers, available from glibc 2.34. */
const bareFork = libc._Fork ?? libc.fork;

/** Like `forkWithHeap`, without pthread_atfork handlers. */
function forkWithoutHandlers(): number {
  const { below, above } = ranges ??= forkableRanges();
  const { start, length } = below;
  const { madvise } = libc;
  madvise(above.start, above.length, MADV_DOFORK);
  madvise(start, length, MADV_DOFORK);
  const pid = simulated ?? bareFork();
  return pid;
}

/**
 * Whether the C library may take this process for one with a single thread. Otherwise each call that blocks prepares
 * for being cancelled by another thread, before and after it: that costs a server half a microsecond a connection.
 *
 * SAFETY: a forked child has one thread, and pthread_create(3) clears the byte again.
 */
const isSingleThreaded = new Uint8Array(
  Deno.UnsafePointerView.getArrayBuffer(libc.__libc_single_threaded!, 1),
);

/** Loads C functions that each child calls, and would otherwise load by itself. */
function loadForChild(): void {
  const { signal, _exit } = libc;
  if (!signal || !_exit) throw new Error("unreachable");
}

/**
 * Forks the main thread of a Deno process that has an event loop and signal handlers (fork(2)). The child
 * runs `body` and exits with its result. After an error it prints the cause to standard error, says it in
 * `message` and exits with 1.
 *
 * @returns the child's process number.
 * @throws {SystemError} such as EAGAIN at the limit of processes.
 */
export function fork(body: () => number | void, message?: () => FailureMessage): number {
  loadForChild();
  keepEndedChildren();
  return withSignalsBlocked(() => {
    const pid = checked(forkWithHeap(), "fork", "fork");
    if (pid > 0) return pid;
    let code = 1;
    try {
      isSingleThreaded[0] = 1;
      resetSignals();
      code = body() ?? 0;
    } catch (error) {
      failWith(error, message?.());
    }
    return exitNow(code);
  });
}

/** As `fork`, but the child runs `body` only after `begin`, or when this process has ended. */
export function forkHeld(
  body: () => number | void,
  message?: () => FailureMessage,
): { pid: number; begin: () => void } {
  const [waiting, begin] = pipe();
  const pid = fork(() => {
    close(begin);
    read(waiting, new Uint8Array(1));
    return body();
  }, message);
  close(waiting);
  return { pid, begin: () => close(begin) };
}

/**
 * Forks a process that was forked before. It has one thread and no signal handlers, so nothing must be reset
 * and pthread_atfork handlers are skipped, which saves 60 µs in parent and child.
 *
 * @returns the child's process number.
 * @throws {SystemError} such as EAGAIN at the limit of processes.
 */
export function forkAgain(body: () => number | void, message?: () => FailureMessage): number {
  const pid = forkWithoutHandlers();
  if (pid > 0) return pid;
  if (pid === -1) checked(pid, "fork", "fork a child");
  let code = 1;
  try {
    code = body() ?? 0;
  } catch (error) {
    failWith(error, message?.());
  }
  libc.exitGroup(simulated === undefined ? SYS_exit_group : NO_CALL, code);
  return pid;
}

/**
 * Warm-up: runs `body` while `forkAgain` does not fork and acts as the parent (1) or as the child (0), except
 * that it returns and does not exit.
 */
export function simulateForks(pid: 0 | 1, body: () => void): void {
  simulated = pid;
  try {
    body();
  } finally {
    simulated = undefined;
  }
}

/** Result of `probeFork`. */
export interface ForkProbe {
  readonly works: boolean;
  readonly attempts: number;
  /** Why fork does not work, or null. */
  readonly reason: string | null;
}

const PROBE_CODE = 42;
const PROBE_TIMEOUT_MS = 5000;

/** Tests fork twice at most: a child allocates memory and must exit with a known code before a timeout. */
export function probeFork(): ForkProbe {
  let reason: string | null = null;
  for (let attempts = 1; attempts <= 2; attempts++) {
    try {
      reason = probeOnce();
    } catch (error) {
      const { message } = error as Error;
      reason = error instanceof SystemError ? `${error.call} failed with ${error.code}` : message;
    }
    if (reason === null) return { works: true, attempts, reason };
  }
  return { works: false, attempts: 2, reason };
}

function probeOnce(): string | null {
  const pid = fork(() => {
    const objects = Array.from({ length: 20_000 }, (_, i) => ({ name: `object ${i}`, i }));
    return objects.reduce((sum, object) => sum + object.i, 0) === 199_990_000 ? PROBE_CODE : 1;
  });
  if (!waitForExit(pid, PROBE_TIMEOUT_MS)) kill(pid, Signal.KILL);
  const end = wait(pid);
  if (end?.code === PROBE_CODE) return null;
  const reason = end?.signal === Signal.KILL
    ? `a forked child did not exit within ${PROBE_TIMEOUT_MS} ms`
    : end?.signal !== undefined
    ? `a forked child was terminated by signal ${end.signal}`
    : `a forked child exited with code ${end?.code}`;
  return [...failedAdvice(), reason].join(", so ");
}

/** The error of madvise for which a forked child has no heap, if there is one. */
function failedAdvice(): string[] {
  return Object.values(ranges ?? forkableRanges()).flatMap(({ start, length }) => {
    const number = libc.madvise(start, length, MADV_DOFORK) === 0 ? 0 : errno();
    // ENOMEM: it was applied, with gaps.
    return number === 0 || number === Errno.ENOMEM
      ? []
      : [`madvise(MADV_DOFORK) failed with ${errnoName(number)}`];
  }).slice(0, 1);
}

/** @throws {UnsupportedError} if fork does not work here. */
export function requireFork(): void {
  const { works, reason } = probeFork();
  if (!works) {
    throw new UnsupportedError(
      `Cannot fork a Deno process here: ${reason}; designs made of Workers need no fork`,
    );
  }
}
