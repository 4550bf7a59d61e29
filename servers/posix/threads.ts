/**
 * Threads: how their end is noticed, and their scheduling priority.
 *
 * @module
 */
import { Errno, errno, SystemError } from "./errors.ts";
import { libc } from "./libc.ts";

/** Something each thread has one descriptor of (pthread_key_create(3)). */
export type ThreadExitKey = number;

/** Makes a key: the descriptor a thread has under it is closed when the thread ends, in whatever way. */
export function createThreadExitKey(): ThreadExitKey {
  const key = new Uint32Array(1);
  // SAFETY: glibc calls the destructor with the thread's value as its first argument. It is close(2)
  // itself, which takes an int from there; nothing of V8, which is gone by then, has a part in it.
  const code = libc.pthread_key_create(new Uint8Array(key.buffer), libc.closeAddress);
  if (code !== 0) throw new SystemError("pthread_key_create", "watch the ends of threads", code);
  return key[0]!;
}

/** The descriptor, not 0, is closed when this thread ends. */
export function closeOnThreadExit(key: ThreadExitKey, descriptor: number): void {
  const code = libc.pthread_setspecific(key, BigInt(descriptor));
  if (code !== 0) throw new SystemError("pthread_setspecific", "watch the end of a thread", code);
}

/** Gives a key back. Descriptors threads have under it stay open. */
export function deleteThreadExitKey(key: ThreadExitKey): void {
  libc.pthread_key_delete(key);
}

const PRIO_PROCESS = 0;
const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
const SCHED_RR = 2;
const THIS_THREAD = 0;

/** The nice value 19 is priority 1, and −20 is 40; a real-time priority of n is 40 + n. */
const HIGHEST_NICE = 40;

/** The priorities there are. */
export const Priority = { lowest: 1, normal: 20, highest: HIGHEST_NICE + 99 } as const;

const SYS_sched_getattr = Deno.build.arch === "x86_64" ? 315 : 275;
const attributes = new Int32Array(12); // struct sched_attr, as it was at first
const attributeBytes = new Uint8Array(attributes.buffer);
const [POLICY, NICE, REAL_TIME] = [1, 4, 5]; // in int32s

const parameter = new Int32Array(1); // struct sched_param
const parameterBytes = new Uint8Array(parameter.buffer);

/**
 * This thread's priority on one scale: 1 to 40 is 20 − its nice value, 41 to 139 is 40 + its real-time
 * priority (SCHED_FIFO, SCHED_RR). Higher runs first, as in the kernel (sched(7)).
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
 * Gives this thread a priority of that scale.
 *
 * @returns false where the system does not permit it (CAP_SYS_NICE, RLIMIT_NICE, RLIMIT_RTPRIO).
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
