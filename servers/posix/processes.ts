/**
 * Processes: identity, parent–child relations, termination, affinity and limits.
 *
 * @module
 */
import { parseUsage, RUSAGE_BYTES, type Usage } from "./clocks.ts";
import { POLLIN } from "./constants.ts";
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { libc } from "./libc.ts";
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

/** Starts a session, and so a scheduling autogroup, unless this process leads a process group already (setsid(2)). */
export function startSession(): void {
  if (libc.setsid() === -1 && errno() !== Errno.EPERM) {
    throw new SystemError("setsid", "start a session", errno());
  }
}

/** Moves this process into a process group of its own: ^C on a terminal does not reach it (setpgid(2)). */
export function startProcessGroup(): void {
  checked(libc.setpgid(0, 0), "setpgid", "start a process group");
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

/**
 * Waits for a process to terminate, at most the given milliseconds, without reaping it (pidfd_open(2)).
 *
 * @returns whether it has terminated.
 * @throws {SystemError} ESRCH if there is no such process.
 */
export function waitForExit(pid: number, milliseconds: number): boolean {
  const SYS_pidfd_open = 434; // the same number on every architecture
  const fd = checked(libc.pidfd_open(SYS_pidfd_open, pid, 0), "pidfd_open", `watch process ${pid}`);
  const pollfd = new Int32Array([fd, POLLIN]);
  const ready = libc.poll(new Uint8Array(pollfd.buffer), 1, milliseconds);
  libc.close(fd);
  return ready === 1;
}

/** The CPUs this process may run on (sched_getaffinity(2)). */
export function affinity(): number[] {
  const mask = new Uint8Array(128);
  checked(libc.sched_getaffinity(0, mask.length, mask), "sched_getaffinity", "read the affinity");
  return Array.from({ length: 1024 }, (_, cpu) => cpu)
    .filter((cpu) => mask[cpu >> 3]! & (1 << (cpu & 7)));
}

/** Restricts this process and its future children to these CPUs (sched_setaffinity(2)). */
export function setAffinity(processors: readonly number[]): void {
  const mask = new Uint8Array(128);
  for (const cpu of processors) mask[cpu >> 3]! |= 1 << (cpu & 7);
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
