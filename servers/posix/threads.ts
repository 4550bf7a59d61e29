/**
 * Threads: detecting their end, and their scheduling priority.
 *
 * @module
 */
import { Errno, errno, SystemError } from "./errors.ts";
import { libc } from "./libc.ts";

/** A key under which each thread can store one descriptor (pthread_key_create(3)). */
export type ThreadExitKey = number;

/** Creates a key. When a thread ends in whatever way, its descriptor is closed. */
export function createThreadExitKey(): ThreadExitKey {
  const key = new Uint32Array(1);
  // SAFETY: glibc calls the destructor, close(2) itself, with the thread's value as its first argument. No
  // JavaScript runs, since V8 has left the thread by then.
  const code = libc.pthread_key_create(new Uint8Array(key.buffer), libc.closeAddress);
  if (code !== 0) throw new SystemError("pthread_key_create", "watch threads", code);
  return key[0]!;
}

/** Closes a descriptor, which must not be 0, when this thread ends. */
export function closeOnThreadExit(key: ThreadExitKey, descriptor: number): void {
  const code = libc.pthread_setspecific(key, BigInt(descriptor));
  if (code !== 0) throw new SystemError("pthread_setspecific", "watch a thread", code);
}

/** Deletes a key. The descriptors stored under it stay open. */
export function deleteThreadExitKey(key: ThreadExitKey): void {
  libc.pthread_key_delete(key);
}

const PRIO_PROCESS = 0;
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
const SCHED_RR = 2;
const THIS_THREAD = 0;

/** Nice value 19 is priority 1, and −20 is 40; real-time priority n is 40 + n. */
const HIGHEST_NICE = 40;

/** Bounds of the scale, and the default. */
export const Priority = { lowest: 1, normal: 20, highest: HIGHEST_NICE + 99 } as const;

const SYS_sched_getattr = Deno.build.arch === "x86_64" ? 315 : 275;
const attributes = new Int32Array(12); // struct sched_attr in its first version
const attributeBytes = new Uint8Array(attributes.buffer);
const [POLICY, NICE, REAL_TIME] = [1, 4, 5]; // indices of int32s

const parameter = new Int32Array(1); // struct sched_param
const parameterBytes = new Uint8Array(parameter.buffer);

/**
 * The priority of this thread: 1 to 40 is 20 − its nice value, 41 to 139 is 40 + its real-time priority
 * (SCHED_FIFO, SCHED_RR). Higher priorities run first (sched(7)).
 */
export function threadPriority(): number {
  const bytes = attributeBytes.length;
  libc.sched_getattr(SYS_sched_getattr, THIS_THREAD, attributeBytes, bytes, 0);
  return isRealTime(attributes[POLICY]!)
    ? HIGHEST_NICE + attributes[REAL_TIME]!
    : Priority.normal - attributes[NICE]!;
}

function isRealTime(policy: number): boolean {
  return policy === SCHED_FIFO || policy === SCHED_RR;
}

/**
 * Sets the priority of this thread, on the scale of `threadPriority`.
 *
 * @returns false if it is not permitted (CAP_SYS_NICE, RLIMIT_NICE, RLIMIT_RTPRIO).
 */
export function setThreadPriority(priority: number): boolean {
  if (priority > HIGHEST_NICE) return setPolicy(SCHED_FIFO, priority - HIGHEST_NICE);
  if (threadPriority() > HIGHEST_NICE && !setPolicy(SCHED_OTHER, 0)) return false;
  const nice = Priority.normal - priority;
  return permitted(libc.setpriority(PRIO_PROCESS, THIS_THREAD, nice), "setpriority");
}

function setPolicy(policy: number, priority: number): boolean {
  parameter[0] = priority;
  const result = libc.sched_setscheduler(THIS_THREAD, policy, parameterBytes);
  return permitted(result, "sched_setscheduler");
}

function permitted(result: number, call: string): boolean {
  if (result === 0) return true;
  const number = errno();
  if (number === Errno.EPERM || number === Errno.EACCES) return false;
  throw new SystemError(call, "change the priority of a thread", number);
}
