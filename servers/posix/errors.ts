/**
 * Failed system calls: one error type, and one policy on which failures are not failures.
 *
 * @module
 */
import { ExitCode, HerdError } from "../errors.ts";
import { fromCString, libc } from "./libc.ts";

/** Error numbers the code asks about (errno(3); the same on every Linux architecture). */
export const Errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  EMSGSIZE: 90,
  EADDRINUSE: 98,
  ENOBUFS: 105,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
} as const;

/** A system call failed. The message says what it was action, which call, and why. */
export class SystemError extends HerdError {
  override name = "SystemError";
  readonly exitCode = ExitCode.unsupported;
  /** The C function, such as `bind`. */
  readonly call: string;
  /** Error number. */
  readonly errno: number;
  /** Its name, such as `EADDRINUSE`. */
  readonly code: string;

  constructor(call: string, action: string, errno: number) {
    const code = errnoName(errno);
    super(`Cannot ${action}: ${call} failed with ${code} (${fromCString(libc.strerror(errno))})`);
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

/** Whether a failure is that of a system call with one of these error numbers. */
export function hasErrno(error: unknown, ...numbers: readonly number[]): boolean {
  return error instanceof SystemError && numbers.includes(error.errno);
}

/** The name of an error number, such as `ECONNRESET`. */
export function errnoName(errno: number): string {
  return fromCString(libc.strerrorname_np(errno), `errno ${errno}`);
}

/** The error number of this thread's last failed call. Read it before anything else happens. */
export function errno(): number {
  const location = libc.__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

/** How long to leave a full descriptor table alone before accept is tried again. */
const STARVED_MS = 10;

/**
 * The policy, for a call that returned −1. Returns where the caller should try again: the call was
 * interrupted (EINTR), the client went away before it was accepted (ECONNABORTED), or there is no
 * descriptor or memory for it now (EMFILE, ENFILE, ENOBUFS, ENOMEM: after a pause, since the client
 * waits in the backlog). Everything else is a failure; EAGAIN means that a socket's time limit ran out.
 *
 * @throws {SystemError} for a real failure.
 */
export function retryOrThrow(call: string, action: string): void {
  const number = errno();
  switch (number) {
    case Errno.EINTR:
    case Errno.ECONNABORTED:
      return;
    case Errno.EMFILE:
    case Errno.ENFILE:
    case Errno.ENOBUFS:
    case Errno.ENOMEM:
      if (call !== "accept") break;
      libc.poll(new Uint8Array(0), 0, STARVED_MS);
      return;
  }
  throw new SystemError(call, action, number);
}

/** The result of a call that fails with −1 and is not worth repeating. @throws {SystemError} */
export function checked(result: number, call: string, action: string): number {
  if (result === -1) throw new SystemError(call, action, errno());
  return result;
}

const STDERR = 2;

/** Writes a line to standard error, from a process or thread that has no console. */
export function printError(message: string): void {
  const bytes = new TextEncoder().encode(`herd[${libc.getpid()}]: ${message}\n`);
  libc.write(STDERR, bytes, bytes.length); // fails where nobody reads it
}
