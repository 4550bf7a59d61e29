/**
 * Starting programs: posix_spawn and execve.
 *
 * @module
 */
import { O_CLOEXEC } from "./constants.ts";
import { checked, errno, SystemError } from "./errors.ts";
import { addressOf, cString, libc } from "./libc.ts";
import { keepEndedChildren } from "./signals.ts";

/** The environment of this process, for C. */
function environment(): Deno.PointerValue {
  // SAFETY: Deno gives the address of the static symbol; this reads the variable behind it.
  return new Deno.UnsafePointerView(libc.environ!).getPointer();
}

/** An argument vector for C: the pointers, with the strings behind them in the same buffer. */
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
 * Starts a program (posix_spawn(3)).
 *
 * @param descriptors the descriptors it inherits, under the same numbers or as [number here, number there].
 * All others except the standard three have FD_CLOEXEC and are closed.
 * @returns its process number.
 * @throws {SystemError} such as ENOENT.
 */
export function spawn(
  path: string,
  args: readonly string[],
  descriptors: readonly (number | readonly [here: number, there: number])[] = [],
): number {
  keepEndedChildren();
  const actions = new Uint8Array(256); // posix_spawn_file_actions_t takes 80
  libc.posix_spawn_file_actions_init(actions);
  // posix_spawn clears FD_CLOEXEC for a dup2 of a descriptor onto itself (glibc 2.29).
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

/** The first descriptor after the standard three: programs find inherited descriptors from here on. */
export const FIRST_DESCRIPTOR = 3;

/**
 * Replaces this program by another one (execve(2)). It keeps process number, parent-death signal, affinity
 * and ignored signals, and inherits `descriptors`, renumbered from `first` on. All others are closed.
 *
 * @throws {SystemError} such as ENOENT; this program goes on.
 */
export function exec(
  path: string,
  args: readonly string[],
  descriptors: readonly number[] = [],
  first = FIRST_DESCRIPTOR,
): never {
  // First move all out of the way: a target number may be in use by another one of them.
  const above = Math.max(first + descriptors.length, ...descriptors.map((fd) => fd + 1));
  for (const [i, fd] of descriptors.entries()) duplicateTo(fd, above + i, O_CLOEXEC);
  for (const i of descriptors.keys()) duplicateTo(above + i, first + i, 0);
  libc.execve(cString(path), argumentVector(path, args), environment());
  throw new SystemError("execve", `start ${path}`, errno());
}

function duplicateTo(from: number, to: number, flags: number): void {
  checked(libc.dup3(from, to, flags), "dup3", `pass on descriptor ${from}`);
}
