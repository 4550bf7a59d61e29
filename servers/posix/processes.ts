/**
 * Processes: identity, parent–child relations, termination, affinity and limits.
 *
 * @module
 */
import { parseUsage, RUSAGE_BYTES, sleep, type Usage } from "./clocks.ts";
import { POLLIN } from "./constants.ts";
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { fileStatus, hasExited, namesIn } from "./files.ts";
import { libc, pointerTo } from "./libc.ts";
import { pinnedBytes } from "./io.ts";
import { Signal } from "./signals.ts";

const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

/** How a process terminated, and the resources it used (wait4(2)). */
export interface ExitStatus {
  readonly pid: number;
  /** Exit code; undefined if a signal terminated it. */
  readonly code: number | undefined;
  /** The signal that terminated it, or undefined. */
  readonly signal: number | undefined;
  /** Usage of the process and of the children that it waited for. */
  readonly usage: Usage;
}

/** Number of this process. */
export function getpid(): number {
  return libc.getpid();
}

/** Number of this thread; in the main thread it is that of the process. */
export function gettid(): number {
  return libc.gettid();
}

/** Number of the parent process. It changes when the parent terminates. */
export function getppid(): number {
  return libc.getppid();
}

/** User ID of this process. */
export function getuid(): number {
  return libc.getuid();
}

/** Terminates this process without running exit handlers, which belong to the process it was forked from. */
export function exitNow(code: number): never {
  libc._exit(code);
  throw new Error("unreachable");
}

/** Sends a signal (kill(2)). A process that has terminated already is no error. */
export function kill(pid: number, signal: number): void {
  if (libc.kill(pid, signal) === -1) {
    const number = errno();
    if (number !== Errno.ESRCH) throw new SystemError("kill", `signal process ${pid}`, number);
  }
}

/** Makes this process, in place of process 1, the new parent of orphaned descendants (prctl(2)). */
export function becomeSubreaper(): void {
  checked(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl", "become subreaper");
}

/**
 * Makes the kernel send `signal` to this process when its parent terminates (prctl(2)), and exits at once
 * if `parent` is not its parent any more. The kernel signals when the thread that forked this process ends.
 */
export function dieWithParent(parent: number, signal: number): void {
  checked(
    libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0),
    "prctl",
    "set the parent-death signal",
  );
  if (libc.getppid() !== parent) exitNow(128 + Signal.KILL);
}

/**
 * Lets any process of this user trace this one, where the Yama security module otherwise allows that to its parent
 * alone (prctl(2), PR_SET_PTRACER; ptrace_scope 1). Children do not inherit it, programs that it executes do.
 */
export function allowTracing(): void {
  const PR_SET_PTRACER = 0x59616d61;
  const PR_SET_PTRACER_ANY = -1n;
  // EINVAL without Yama, which then does not forbid it.
  libc.prctlWide(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
}

/** Starts a session, and so a scheduling autogroup, unless this process leads a process group already (setsid(2)). */
export function startSession(): void {
  if (libc.setsid() === -1 && errno() !== Errno.EPERM) {
    throw new SystemError("setsid", "start a session", errno());
  }
}

/** Moves this process, or a child, into a process group of its own: ^C on a terminal does not reach it (setpgid(2)). */
export function startProcessGroup(child = 0): void {
  checked(libc.setpgid(child, child), "setpgid", "start a process group");
}

const status = pinnedBytes(4);
const statusView = new DataView(status.bytes.buffer);
const rusage = pinnedBytes(RUSAGE_BYTES);
const rusageView = new DataView(rusage.bytes.buffer);

/** Waits for a child (−1: any) to terminate; undefined if there is none. */
export function wait(pid = -1): ExitStatus | undefined {
  return waitWith(pid, 0);
}

/** Reaps a child (−1: any) that has terminated; undefined if none has. Does not block. */
export function reapOne(pid = -1): ExitStatus | undefined {
  return waitWith(pid, WNOHANG);
}

function waitWith(pid: number, options: number): ExitStatus | undefined {
  for (;;) {
    const found = libc.wait4At(pid, status.pointer, options, rusage.pointer);
    if (found > 0) return exitStatus(found, statusView, rusageView);
    if (found === 0 || errno() === Errno.ECHILD) return undefined;
    retryOrThrow("wait4", `wait for ${pid === -1 ? "a child" : `process ${pid}`}`);
  }
}

/** Like `wait` for any child, in a thread of Deno's pool. */
export async function waitAsync(): Promise<ExitStatus | undefined> {
  const status = new Uint8Array(4);
  const rusage = new Uint8Array(RUSAGE_BYTES);
  const views = [new DataView(status.buffer), new DataView(rusage.buffer)] as const;
  for (;;) {
    const pid = await libc.waitAsync(-1, status, 0, rusage);
    if (pid > 0) return exitStatus(pid, ...views);
    // The errno of the other thread is lost. The same call in this thread gives the reason.
    const code = libc.wait4(-1, status, WNOHANG, rusage);
    if (code > 0) return exitStatus(code, ...views);
    if (code === -1 && errno() === Errno.ECHILD) return undefined;
  }
}

function exitStatus(pid: number, statusView: DataView, rusage: DataView): ExitStatus {
  const status = statusView.getInt32(0, true);
  const signal = status & 0x7f;
  return {
    pid,
    code: signal === 0 ? (status >> 8) & 0xff : undefined,
    signal: signal === 0 ? undefined : signal,
    usage: parseUsage(rusage),
  };
}

const SYS_pidfd_open = 434; // the same number on every architecture

/** How often to look for the parent, or another process, where pidfd_open(2) is not to be had. */
const [PARENT_LOOK_MS, LOOK_MS] = [200, 1];

/** Resolves when the parent of this process terminates: the process, not the thread that started this one. */
export async function parentExit(): Promise<void> {
  const parent = libc.getppid();
  const fd = libc.pidfd_open(SYS_pidfd_open, parent, 0);
  const pollfd = readable(fd);
  while (libc.getppid() === parent) {
    const hasEnded = fd !== -1 && await libc.pollAsync(pollfd, 1, -1) === 1;
    // A signal has interrupted the call, or there is no such call.
    if (!hasEnded) await new Promise((resolve) => setTimeout(resolve, PARENT_LOOK_MS));
  }
  if (fd !== -1) libc.close(fd);
}

/** A struct pollfd that waits for input. */
function readable(fd: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([fd, POLLIN]).buffer);
}

/**
 * Waits for a process to terminate, at most the given milliseconds, without reaping it: by pidfd_open(2) of
 * Linux 5.3, or by looking at /proc where a kernel or a seccomp filter refuses that.
 *
 * @returns whether it has terminated.
 * @throws {SystemError} ESRCH if there is no such process.
 */
export function waitForExit(pid: number, milliseconds: number): boolean {
  const fd = libc.pidfd_open(SYS_pidfd_open, pid, 0);
  if (fd === -1) return lookForExit(pid, milliseconds);
  const end = performance.now() + milliseconds;
  const pollfd = pointerTo(readable(fd));
  let ready;
  do {
    const left = milliseconds < 0 ? -1 : Math.max(0, Math.ceil(end - performance.now()));
    ready = libc.poll(pollfd, 1, left);
  } while (ready === -1 && errno() === Errno.EINTR);
  libc.close(fd);
  return ready === 1;
}

/** `waitForExit` without pidfd_open. */
function lookForExit(pid: number, milliseconds: number): boolean {
  if (libc.kill(pid, 0) === -1 && errno() === Errno.ESRCH) {
    throw new SystemError("kill", `watch process ${pid}`, Errno.ESRCH);
  }
  const end = performance.now() + (milliseconds < 0 ? Infinity : milliseconds);
  while (!hasExited(pid)) {
    if (performance.now() >= end) return false;
    sleep(LOOK_MS);
  }
  return true;
}

/** Bytes of the first mask that is tried, for 1024 CPUs, and of the largest. */
const [FIRST_MASK, LAST_MASK] = [128, 65536];

/**
 * The CPUs this process may run on (sched_getaffinity(2)).
 *
 * @param size Bytes of the mask, which grows: the kernel refuses one that is shorter than its own (EINVAL).
 */
export function affinity(size = FIRST_MASK): number[] {
  const mask = new Uint8Array(size);
  if (libc.sched_getaffinity(0, size, mask) === -1) {
    const number = errno();
    if (number === Errno.EINVAL && size < LAST_MASK) return affinity(2 * size);
    throw new SystemError("sched_getaffinity", "read the affinity", number);
  }
  return Array.from({ length: 8 * size }, (_, cpu) => cpu)
    .filter((cpu) => mask[cpu >> 3]! & (1 << (cpu & 7)));
}

/** A mask of CPUs, of any length: the kernel takes what is missing as zeros (CPU_SET(3)). */
export function affinityMask(processors: readonly number[]): Uint8Array<ArrayBuffer> {
  const highest = Math.max(0, ...processors);
  const mask = new Uint8Array(Math.max(FIRST_MASK, 8 * Math.ceil((highest + 1) / 64)));
  for (const cpu of processors) mask[cpu >> 3]! |= 1 << (cpu & 7);
  return mask;
}

/** Restricts this process and its future children to these CPUs (sched_setaffinity(2)). */
export function setAffinity(processors: readonly number[]): void {
  const mask = affinityMask(processors);
  const action = `run on processors ${processors.join(",")}`;
  checked(libc.sched_setaffinity(0, mask.length, mask), "sched_setaffinity", action);
}

/** The CPU this thread runs on now (sched_getcpu(3)). */
export function currentProcessor(): number {
  return checked(libc.sched_getcpu(), "sched_getcpu", "get the current processor");
}

/** Maximum number of descriptors of this process (RLIMIT_NOFILE, getrlimit(2)). */
export function descriptorLimit(): number {
  const RLIMIT_NOFILE = 7;
  const limit = new BigUint64Array(2); // struct rlimit: soft, hard
  const bytes = new Uint8Array(limit.buffer);
  checked(libc.getrlimit(RLIMIT_NOFILE, bytes), "getrlimit", "read the descriptor limit");
  return Number(limit[0]);
}

/** How many more descriptors this process may open. */
export function freeDescriptors(): number {
  const folder = "/proc/self/fd";
  return descriptorLimit() - (fileStatus(folder)?.size || namesIn(folder).length);
}
