/**
 * Processes: their birth, their end, and who answers for whom.
 *
 * @module
 */
import { parseUsage, RUSAGE_BYTES, type Usage } from "./clocks.ts";
import { checked, Errno, errno, retryOrThrow, SystemError } from "./errors.ts";
import { addressOf, cString, libc } from "./libc.ts";
import { pinnedBytes } from "./memory.ts";
import { Signal } from "./signals.ts";

const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const O_CLOEXEC = 0o2000000;

/** A process that ended, and what it had used. */
export interface Ended {
  readonly pid: number;
  /** Exit code, or undefined where a signal ended it. */
  readonly code: number | undefined;
  /** The signal that ended it, or undefined. */
  readonly signal: number | undefined;
  /** Its own use and that of the children it waited for. */
  readonly usage: Usage;
}

/** This process's number. */
export function getpid(): number {
  return libc.getpid();
}

/** This thread's number; that of the process in its main thread. */
export function gettid(): number {
  return libc.gettid();
}

/** The parent's number; another one once the parent is dead. */
export function getppid(): number {
  return libc.getppid();
}

/** Number of the user this process acts for. */
export function getuid(): number {
  return libc.getuid();
}

/** Number of the group this process acts for. */
export function getgid(): number {
  return libc.getgid();
}

/** Acts for another user from now on, for good. @throws {SystemError} EPERM where it may not. */
export function becomeUser(uid: number): void {
  checked(libc.setuid(uid), "setuid", `act for user ${uid}`);
}

/** Ends this process at once: no exit handlers, which belong to the process it was forked from. */
export function exitNow(code: number): never {
  libc._exit(code);
  throw new Error("unreachable");
}

/** Sends a signal; a process that is already gone is no error. */
export function kill(pid: number, signal: number): void {
  if (libc.kill(pid, signal) === -1) {
    const number = errno();
    if (number !== Errno.ESRCH) throw new SystemError("kill", `signal process ${pid}`, number);
  }
}

/** Processes whose parents die become children of this one, not of process 1. */
export function becomeSubreaper(): void {
  checked(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl", "become subreaper");
}

/**
 * From now on the kernel sends this process `signal` when its parent ends, and it ends at once where
 * that has already happened. The signal is tied to the thread that made this process.
 */
export function dieWithParent(parent: number, signal: number): void {
  checked(
    libc.prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0),
    "prctl",
    "set the parent-death signal",
  );
  if (libc.getppid() !== parent) exitNow(128 + Signal.KILL);
}

/** Puts this process into a process session, and so a scheduling group, of its own. */
export function startSession(): void {
  if (libc.setsid() === -1 && errno() !== Errno.EPERM) {
    throw new SystemError("setsid", "start a process session", errno());
  }
}

/** Puts this process into a process group of its own, so that ^C on a terminal does not reach it. */
export function startProcessGroup(): void {
  checked(libc.setpgid(0, 0), "setpgid", "start a process group");
}

const status = pinnedBytes(4);
const statusView = new DataView(status.bytes.buffer);
const rusage = pinnedBytes(RUSAGE_BYTES);
const rusageView = new DataView(rusage.bytes.buffer);

/** Waits for a child (any: −1) to end; undefined where there is none left. */
export function wait(pid = -1): Ended | undefined {
  return waitWith(pid, 0);
}

/** A child (any: −1) that has ended; undefined where none has. */
export function reapOne(pid = -1): Ended | undefined {
  return waitWith(pid, WNOHANG);
}

function waitWith(pid: number, options: number): Ended | undefined {
  for (;;) {
    const found = libc.wait4At(pid, status.pointer, options, rusage.pointer);
    if (found > 0) return ended(found, statusView, rusageView);
    if (found === 0 || errno() === Errno.ECHILD) return undefined;
    retryOrThrow("wait4", `wait for ${pid === -1 ? "a child" : `process ${pid}`}`);
  }
}

/** Waits for any child in a thread of Deno's pool; undefined where there is none left. */
export async function waitAsync(): Promise<Ended | undefined> {
  const status = new Uint8Array(4);
  const rusage = new Uint8Array(RUSAGE_BYTES);
  const views = [new DataView(status.buffer), new DataView(rusage.buffer)] as const;
  for (;;) {
    const pid = await libc.waitAsync(-1, status, 0, rusage);
    if (pid > 0) return ended(pid, ...views);
    // errno is lost on the way from the other thread: asked again here, the kernel says why.
    const code = libc.wait4(-1, status, WNOHANG, rusage);
    if (code > 0) return ended(code, ...views);
    if (code === -1 && errno() === Errno.ECHILD) return undefined;
  }
}

function ended(pid: number, statusView: DataView, rusage: DataView): Ended {
  const status = statusView.getInt32(0, true);
  const signal = status & 0x7f;
  return {
    pid,
    code: signal === 0 ? (status >> 8) & 0xff : undefined,
    signal: signal === 0 ? undefined : signal,
    usage: parseUsage(rusage),
  };
}

/** Waits for a process to end, but not longer than that; whether it did. It stays to be reaped. */
export function waitForExit(pid: number, milliseconds: number): boolean {
  const SYS_pidfd_open = 434; // the same number on every architecture
  const POLLIN = 1;
  const fd = checked(libc.pidfd_open(SYS_pidfd_open, pid, 0), "pidfd_open", `watch process ${pid}`);
  const pollfd = new Int32Array([fd, POLLIN]);
  const ready = libc.poll(new Uint8Array(pollfd.buffer), 1, milliseconds);
  libc.close(fd);
  return ready === 1;
}

/** The processors this process may run on. */
export function affinity(): number[] {
  const mask = new Uint8Array(128);
  checked(libc.sched_getaffinity(0, mask.length, mask), "sched_getaffinity", "read the affinity");
  return Array.from({ length: 1024 }, (_, cpu) => cpu)
    .filter((cpu) => mask[cpu >> 3]! & (1 << (cpu & 7)));
}

/** Confines this process, and what it will start, to these processors. */
export function setAffinity(processors: readonly number[]): void {
  const mask = new Uint8Array(128);
  for (const cpu of processors) mask[cpu >> 3]! |= 1 << (cpu & 7);
  const action = `run on processors ${processors.join(",")}`;
  checked(libc.sched_setaffinity(0, mask.length, mask), "sched_setaffinity", action);
}

/** The processor this thread runs on at the moment. */
export function currentProcessor(): number {
  return checked(libc.sched_getcpu(), "sched_getcpu", "ask for the processor");
}

/** How many descriptors this process may have (RLIMIT_NOFILE). */
export function descriptorLimit(): number {
  const RLIMIT_NOFILE = 7;
  const limit = new BigUint64Array(2); // struct rlimit: soft, hard
  const bytes = new Uint8Array(limit.buffer);
  checked(libc.getrlimit(RLIMIT_NOFILE, bytes), "getrlimit", "ask for the limit of descriptors");
  return Number(limit[0]);
}

/** The environment of this process, as C has it. */
function environment(): Deno.PointerValue {
  // SAFETY: what Deno gives for a static symbol is its address, so this reads the variable itself.
  return new Deno.UnsafePointerView(libc.environ!).getPointer();
}

/** The arguments of a program as C has them, the strings in one piece of memory behind the pointers. */
function argumentVector(path: string, args: readonly string[]): Uint8Array<ArrayBuffer> {
  const strings = [path, ...args].map(cString);
  const pointers = 8 * (strings.length + 1); // the last one is NULL
  const vector = new Uint8Array(strings.reduce((sum, { length }) => sum + length, pointers));
  const view = new DataView(vector.buffer);
  let at = pointers;
  for (const [i, string] of strings.entries()) {
    view.setBigUint64(8 * i, addressOf(vector) + BigInt(at), true);
    vector.set(string, at);
    at += string.length;
  }
  return vector;
}

/**
 * Starts a program (posix_spawn(3)); its process number is the result. `descriptors` are those it
 * inherits, each under the number it has here, or as [number here, number there]; everything else but
 * the standard three is closed on exec.
 */
export function spawn(
  path: string,
  args: readonly string[],
  descriptors: readonly (number | readonly [here: number, there: number])[] = [],
): number {
  const actions = new Uint8Array(256); // posix_spawn_file_actions_t takes 80
  libc.posix_spawn_file_actions_init(actions);
  // dup2 of a descriptor onto itself is how posix_spawn takes FD_CLOEXEC off it (glibc 2.29).
  for (const entry of descriptors) {
    const [here, there] = typeof entry === "number" ? [entry, entry] : entry;
    libc.posix_spawn_file_actions_adddup2(actions, here, there);
  }
  const pid = new Int32Array(1);
  const attributes = new Uint8Array(512); // posix_spawnattr_t takes 336; zeroed: the defaults
  const pidBytes = new Uint8Array(pid.buffer);
  const argv = argumentVector(path, args);
  const code = libc.posix_spawn(pidBytes, cString(path), actions, attributes, argv, environment());
  libc.posix_spawn_file_actions_destroy(actions);
  if (code !== 0) throw new SystemError("posix_spawn", `start ${path}`, code);
  return pid[0]!;
}

/** The first descriptor behind the standard three: where a program looks for those it is passed. */
export const FIRST_DESCRIPTOR = 3;

/**
 * Becomes another program (execve(2)), which keeps process number, parent-death signal, affinity and
 * ignored signals. It inherits `descriptors`, renumbered from `first` on; everything else is closed.
 *
 * @throws {SystemError} where it stays this program, such as ENOENT.
 */
export function exec(
  path: string,
  args: readonly string[],
  descriptors: readonly number[] = [],
  first = FIRST_DESCRIPTOR,
): never {
  // Out of each other's way first: the number that one is to have may be another one's now.
  const above = Math.max(first + descriptors.length, ...descriptors.map((fd) => fd + 1));
  for (const [i, fd] of descriptors.entries()) renumber(fd, above + i, O_CLOEXEC);
  for (const i of descriptors.keys()) renumber(above + i, first + i, 0);
  libc.execve(cString(path), argumentVector(path, args), environment());
  throw new SystemError("execve", `start ${path}`, errno());
}

function renumber(from: number, to: number, flags: number): void {
  checked(libc.dup3(from, to, flags), "dup3", `pass on descriptor ${from}`);
}
