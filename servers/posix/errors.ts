/**
 * Failed system calls: the error type, and the policy on which failures to retry.
 *
 * @module
 */
import { ExitCode, HerdError } from "../errors.ts";
import { fromCString, libc } from "./libc.ts";

/** Error numbers used by the code (errno(3)), the same on x86-64 and arm64. */
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
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
  ETOOMANYREFS: 109,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EINPROGRESS: 115,
  ECANCELED: 125,
} as const;

/** A system call failed. The message names the operation, the call and the reason. */
export class SystemError extends HerdError {
  override name = "SystemError";
  readonly exitCode = ExitCode.unsupported;
  /** The C function, such as `bind`. */
  readonly call: string;
  /** The error number. */
  readonly errno: number;
  /** Its name, such as `EADDRINUSE`. */
  readonly code: string;

  /** `action` completes "Cannot …". */
  constructor(call: string, action: string, errno: number) {
    const code = errnoName(errno);
    super(`Cannot ${action}: ${call} failed with ${code} (${fromCString(libc.strerror(errno))})`);
    this.call = call;
    this.errno = errno;
    this.code = code;
  }
}

/** Whether an error is a `SystemError` with one of these error numbers. */
export function hasErrno(error: unknown, ...numbers: readonly number[]): boolean {
  return error instanceof SystemError && numbers.includes(error.errno);
}

let countShortage: (errno: number) => void = () => {};

/** Has this process or thread count the calls that fail for lack of something and are tried again a little later. */
export function onShortage(count: (errno: number) => void): void {
  countShortage = count;
}

/**
 * Whether a child could not be made for lack of processes, descriptors or memory (fork(2), posix_spawn(3),
 * socketpair(2)), and will be tried again a little later: that is counted.
 */
export function isShortage(error: unknown): boolean {
  const { EAGAIN, ENOMEM, EMFILE, ENFILE, ENOBUFS } = Errno;
  if (!hasErrno(error, EAGAIN, ENOMEM, EMFILE, ENFILE, ENOBUFS)) return false;
  countShortage((error as SystemError).errno);
  return true;
}

/** The name of an error number, such as `ECONNRESET`. */
export function errnoName(errno: number): string {
  return fromCString(libc.strerrorname_np(errno), `errno ${errno}`);
}

/** The error number of this thread's last failed call. Read it directly after the call. */
export function errno(): number {
  const location = libc.__errno_location();
  return location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
}

/** Delay before a call is retried that failed for lack of processes, descriptors or memory. */
export const RETRY_MS = 10;

/**
 * The policy for a call that returned −1. Returns if the caller should retry: the call was interrupted
 * (EINTR), the client aborted the connection before it was accepted (ECONNABORTED), accept had no
 * descriptor or memory (EMFILE, ENFILE, ENOBUFS, ENOMEM: returns after a delay, while the client waits in
 * the backlog), or this user has too many descriptors on their way over sockets (ETOOMANYREFS, unix(7):
 * returns after a delay).
 *
 * @throws {SystemError} for every other failure; EAGAIN is a socket's timeout.
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
      // falls through
    case Errno.ETOOMANYREFS:
      countShortage(number);
      libc.poll(null, 0, RETRY_MS);
      return;
  }
  throw new SystemError(call, action, number);
}

/**
 * Returns the result of a call that is not retried. A frequent call has the descriptor that its action ends with as
 * an argument: the text is made only where it fails.
 *
 * @throws {SystemError} if it is −1.
 */
export function checked(result: number, call: string, action: string, descriptor?: number): number {
  if (result !== -1) return result;
  throw new SystemError(
    call,
    descriptor === undefined ? action : `${action} ${descriptor}`,
    errno(),
  );
}

const CHECKOUT = new URL("../..", import.meta.url).href;
/** Deno decodes most URLs in a stack. */
const CHECKOUTS = [CHECKOUT, decodeURIComponent(CHECKOUT)];
const HERE = "servers/posix/";

/**
 * The message of an error, and the file and line that it comes from: in a listing rather than here, where
 * the wrappers of system calls are.
 */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const frames = [...(error.stack ?? "").matchAll(/((?:file|https?):\/\/.+?):(\d+):\d+\)?$/gm)];
  const [, file, line] = frames.find(([, file]) => !pathIn(file!).startsWith(HERE)) ?? [];
  if (file === undefined) return error.message;
  return `${error.message} ${placeText(file, line!)}`;
}

/** A file and line in parentheses; a file of the checkout is relative to it. */
export function placeText(url: string, line: string | number): string {
  return `(${pathIn(url).replace(/(?<=\.[jt]s)[?#].*$/, "")}:${line})`;
}

/** The path of a file in the checkout; any other URL as it is. */
function pathIn(url: string): string {
  const checkout = CHECKOUTS.find((start) => url.startsWith(start)) ?? "";
  return url.slice(checkout.length);
}

const STDERR = 2;

/**
 * Writes a line to standard error, in a process or thread without console. Control characters are left out: the
 * message may quote what a client sent.
 */
export function printError(message: string): void {
  const text = message.replaceAll(/\p{Cc}/gu, "");
  const bytes = new TextEncoder().encode(`herd[${libc.getpid()}]: ${text}\n`);
  libc.write(STDERR, bytes, bytes.length); // ignores errors: nobody may be reading
}
