/**
 * Record locks of the kernel; mutexes and condition variables of the C library.
 *
 * @module
 */
import { sleep } from "./clocks.ts";
import { O_CLOEXEC } from "./constants.ts";
import { checked, retryOrThrow, SystemError } from "./errors.ts";
import { tryReadText } from "./files.ts";
import { cString, fromCString, libc as imported } from "./libc.ts";
import { createMemfd } from "./memory.ts";

/** As in `io.ts`. */
const libc = imported;

const F_ULOCK = 0;
const F_LOCK = 1;
const PTHREAD_PROCESS_SHARED = 1;
const PTHREAD_MUTEX_ROBUST = 1;
const EOWNERDEAD = 130;
const FUTEX_TID_MASK = 0x3fffffff;

/** A pthread mutex or condition variable in shared memory. */
export type PthreadObject = Deno.PointerObject;

/** The object at an address of shared memory. */
export function pthreadObject(address: bigint): PthreadObject {
  // SAFETY: `address` is in a mapping that is never unmapped (memory.ts).
  return Deno.UnsafePointer.create(address)!;
}

/**
 * Creates a file without a name, which exists as long as a descriptor of it: in the folder TMPDIR (environ(7)), or
 * else in /tmp; in memory where neither can be written. Returns the first descriptor.
 */
export function unlinkedFile(): number {
  const folders = [fromCString(libc.getenv(cString("TMPDIR"))), "/tmp"].filter(Boolean);
  for (const folder of folders) {
    const path = cString(`${folder}/herd-lock-XXXXXX`);
    const fd = libc.mkostemp(path, O_CLOEXEC);
    if (fd === -1) continue;
    libc.unlink(path);
    return fd;
  }
  return createMemfd("herd-lock", 0);
}

/**
 * Locks an open file or folder for this descriptor and its copies (flock(2)).
 *
 * @returns false if another one has held the lock for that long.
 */
export function lockWithin(fd: number, milliseconds: number): boolean {
  const [LOCK_EX, LOCK_NB] = [2, 4];
  for (const end = performance.now() + milliseconds; libc.flock(fd, LOCK_EX | LOCK_NB) < 0;) {
    if (performance.now() >= end) return false;
    sleep(1);
  }
  return true;
}

/** Locks a whole file (lockf(3)); blocks while another process holds the lock. Threads share it. */
export function lockFile(fd: number): void {
  while (libc.lockf(fd, F_LOCK, 0) < 0) retryOrThrow("lockf", `lock the file on descriptor ${fd}`);
}

/** Unlocks a file locked by `lockFile`. */
export function unlockFile(fd: number): void {
  checked(libc.lockf(fd, F_ULOCK, 0), "lockf", "unlock the file on descriptor", fd);
}

/** Initializes a process-shared, robust mutex (pthread_mutexattr_setrobust(3)). */
export function initMutex(mutex: PthreadObject): void {
  const attributes = new Uint8Array(8); // pthread_mutexattr_t takes 4
  libc.pthread_mutexattr_init(attributes);
  libc.pthread_mutexattr_setpshared(attributes, PTHREAD_PROCESS_SHARED);
  libc.pthread_mutexattr_setrobust(attributes, PTHREAD_MUTEX_ROBUST);
  // pthread functions return the error number and do not set errno.
  const code = libc.pthread_mutex_init(mutex, attributes);
  if (code !== 0) throw new SystemError("pthread_mutex_init", "make a mutex", code);
}

/** Initializes a mutex for the threads of one process. */
export function initPrivateMutex(mutex: PthreadObject): void {
  const code = libc.pthread_mutex_init(mutex, null);
  if (code !== 0) throw new SystemError("pthread_mutex_init", "make a mutex", code);
}

/** Locks a mutex, even if its owner died (pthread_mutex_lock(3)). */
export function lockMutex(mutex: PthreadObject): void {
  recover(mutex, libc.pthread_mutex_lock(mutex), "pthread_mutex_lock");
}

/** Unlocks a mutex. @throws {SystemError} EPERM if a robust mutex belongs to another thread. */
export function unlockMutex(mutex: PthreadObject): void {
  const code = libc.pthread_mutex_unlock(mutex);
  if (code !== 0) throw new SystemError("pthread_mutex_unlock", "unlock a mutex", code);
}

/** Initializes a condition variable for the threads of one process. */
export function initCondition(condition: PthreadObject): void {
  const code = libc.pthread_cond_init(condition, null);
  if (code !== 0) throw new SystemError("pthread_cond_init", "make a condition", code);
}

/** Unlocks the mutex, waits for the condition and locks the mutex again (pthread_cond_wait(3)). */
export function waitCondition(condition: PthreadObject, mutex: PthreadObject): void {
  recover(mutex, libc.pthread_cond_wait(condition, mutex), "pthread_cond_wait");
}

/** Wakes one thread waiting for the condition. */
export function signalCondition(condition: PthreadObject): void {
  libc.pthread_cond_signal(condition);
}

/** The thread that holds a robust mutex; 0: none (get_robust_list(2): the lock word has its number). */
export function mutexHolder(mutex: PthreadObject): number {
  return new Deno.UnsafePointerView(mutex).getInt32() & FUTEX_TID_MASK;
}

/** The processes that hold a record lock on any file (proc_locks(5)). */
export function recordLockHolders(): number[] {
  const held = (tryReadText("/proc/locks") ?? "").matchAll(/^\d+: POSIX +ADVISORY +WRITE (\d+) /gm);
  return [...held].map(([, pid]) => Number(pid));
}

function recover(mutex: PthreadObject, code: number, call: string): void {
  if (code === 0) return;
  if (code !== EOWNERDEAD) throw new SystemError(call, "lock a mutex", code);
  // The mutex only guards accept, so there is no state to repair after the owner's death.
  libc.pthread_mutex_consistent(mutex);
}
