/**
 * Descriptors of resource managers: opened by a path, read, written and closed. A descriptor is a kind of
 * coid, so `msgSend` works on it, too.
 *
 * @module
 */
import { Errno, hasErrno } from "../../posix/errors.ts";
import { detach, transact } from "./connection.ts";
import { ConnectFlag, MessageType } from "./flags.ts";
import { attachPath } from "./paths.ts";

/** What a descriptor is for (open(2)). */
export const OpenFlag = { RDONLY: 0, WRONLY: 1, RDWR: 2 } as const;

const NOTHING = new Uint8Array();

const encoder = new TextEncoder();

/**
 * Opens a path that a resource manager serves. `/net/NODE/…` is a path on another node.
 *
 * @param flags of `OpenFlag`.
 * @returns the lowest free descriptor, which belongs to the thread that opened it.
 * @throws {SystemError} ENOENT where nobody serves the path, EHOSTUNREACH where there is no way to the
 * node, EINVAL for a path that is not absolute; what the resource manager refuses with.
 */
export function open(path: string, flags: number = OpenFlag.RDWR): number {
  const call = "open";
  const fd = attachPath(path, {
    index: 0,
    flags: ConnectFlag.CLOEXEC,
    call,
    action: `open ${path}`,
  });
  try {
    const message = encoder.encode(JSON.stringify({ path, flags }));
    transact(fd, { call, type: MessageType.open, message, reply: NOTHING });
    return fd;
  } catch (error) {
    detach(fd, call);
    throw error;
  }
}

/**
 * Reads up to as many bytes as the buffer has; how many came is the result, 0 at the end.
 *
 * @throws {SystemError} EBADF where this thread has no such descriptor; what the resource manager refuses
 * with.
 */
export function read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return transact(fd, { call: "read", type: MessageType.read, message: NOTHING, reply: buffer });
}

/** Writes the bytes; how many were taken is the result. @throws {SystemError} as `read`. */
export function write(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  return transact(fd, { call: "write", type: MessageType.write, message: bytes, reply: NOTHING });
}

/** Closes a descriptor, once its resource manager has heard of it. @throws {SystemError} as `read`. */
export function close(fd: number): void {
  try {
    transact(fd, { call: "close", type: MessageType.close, message: NOTHING, reply: NOTHING });
  } catch (error) {
    // Without its resource manager there is nobody to tell.
    if (!hasErrno(error, Errno.ESRCH, Errno.EBADF)) throw error;
  } finally {
    detach(fd, "close");
  }
}
