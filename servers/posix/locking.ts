/**
 * Locks of the kernel and of the C library.
 *
 * @module
 */
import { checked, retryOrThrow, SystemError } from "./errors.ts";
import { cString, libc } from "./libc.ts";

const O_CLOEXEC = 0o2000000;
const F_ULOCK = 0;
const F_LOCK = 1;
const PTHREAD_PROCESS_SHARED = 1;
const PTHREAD_MUTEX_ROBUST = 1;
const EOWNERDEAD = 130;

/** A pthread mutex or condition in shared memory. */
export type PthreadObject = Deno.PointerObject;

/** What lies at an address of shared memory. */
export function pthreadObject(address: bigint): PthreadObject {
  // SAFETY: `address` lies in a mapping that is never undone (memory.ts).
  return Deno.UnsafePointer.create(address)!;
}

/** A new file that has no name any more: it is gone with its last descriptor, which is the result. */
export function unlinkedFile(): number {
  const path = cString("/tmp/herd-lock-XXXXXX");
  const fd = checked(libc.mkostemp(path, O_CLOEXEC), "mkostemp", "make a lock file in /tmp");
  libc.unlink(path);
  return fd;
}

/** Waits for the record lock on a whole file and takes it (lockf(3)). It belongs to the process. */
export function lockFile(fd: number): void {
  while (libc.lockf(fd, F_LOCK, 0) < 0) retryOrThrow("lockf", `lock the file on descriptor ${fd}`);
}

/** Gives the record lock back. */
export function unlockFile(fd: number): void {
  checked(libc.lockf(fd, F_ULOCK, 0), "lockf", `unlock the file on descriptor ${fd}`);
}

/** Makes a mutex that processes share and that survives the death of its owner. */
export function initMutex(mutex: PthreadObject): void {
  const attributes = new Uint8Array(8); // pthread_mutexattr_t takes 4
  libc.pthread_mutexattr_init(attributes);
  libc.pthread_mutexattr_setpshared(attributes, PTHREAD_PROCESS_SHARED);
  libc.pthread_mutexattr_setrobust(attributes, PTHREAD_MUTEX_ROBUST);
  // pthread functions return their error: no errno.
  const code = libc.pthread_mutex_init(mutex, attributes);
  if (code !== 0) throw new SystemError("pthread_mutex_init", "make a mutex", code);
}

/** Makes a plain mutex, for the threads of one process. */
export function initPrivateMutex(mutex: PthreadObject): void {
  const code = libc.pthread_mutex_init(mutex, null);
  if (code !== 0) throw new SystemError("pthread_mutex_init", "make a mutex", code);
}

/** Waits for the mutex and takes it, also from an owner that died. */
export function lockMutex(mutex: PthreadObject): void {
  recover(mutex, libc.pthread_mutex_lock(mutex), "pthread_mutex_lock");
}

/** Gives the mutex back. */
export function unlockMutex(mutex: PthreadObject): void {
  const code = libc.pthread_mutex_unlock(mutex);
  if (code !== 0) throw new SystemError("pthread_mutex_unlock", "unlock a mutex", code);
}

/** Makes a condition between threads. */
export function initCondition(condition: PthreadObject): void {
  const code = libc.pthread_cond_init(condition, null);
  if (code !== 0) throw new SystemError("pthread_cond_init", "make a condition", code);
}

/** Gives the mutex back, waits to be signalled, and takes the mutex again. */
export function waitCondition(condition: PthreadObject, mutex: PthreadObject): void {
  recover(mutex, libc.pthread_cond_wait(condition, mutex), "pthread_cond_wait");
}

/** Wakes one thread that waits for the condition. */
export function signalCondition(condition: PthreadObject): void {
  libc.pthread_cond_signal(condition);
}

function recover(mutex: PthreadObject, code: number, call: string): void {
  if (code === 0) return;
  if (code !== EOWNERDEAD) throw new SystemError(call, "lock a mutex", code);
  // Nothing but accept is done under it, so a dead owner leaves nothing to mend.
  libc.pthread_mutex_consistent(mutex);
}
