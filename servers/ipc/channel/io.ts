/**
 * Descriptors of resource managers: opening a path, reading, writing and closing. A descriptor is a connection
 * (coid), so `msgSend` works on it, too.
 *
 * @module
 */
import { Errno, hasErrno } from "../../posix/errors.ts";
import { detach, transact } from "./connection.ts";
import { ConnectFlag, MessageType } from "./flags.ts";
import { attachPath } from "./paths.ts";

/** Access modes (open(2)). */
export const OpenFlag = { RDONLY: 0, WRONLY: 1, RDWR: 2 } as const;

const NOTHING = new Uint8Array();

const encoder = new TextEncoder();

/**
 * Opens a path served by a resource manager. `/net/NODE/…` is a path on another node.
 *
 * @param flags of `OpenFlag`.
 * @returns the lowest free descriptor, for this thread only.
 * @throws {SystemError} ENOENT if no resource manager serves the path, EHOSTUNREACH if the node cannot be
 * reached, EINVAL if the path is not absolute; or the error of the resource manager.
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
 * Reads at most as many bytes as the buffer holds.
 *
 * @returns the number of bytes read; 0 at end of file.
 * @throws {SystemError} EBADF if this thread has no such descriptor; or the error of the resource manager.
 */
export function read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return transact(fd, { call: "read", type: MessageType.read, message: NOTHING, reply: buffer });
}

/** Writes bytes and returns the number of bytes written. @throws {SystemError} as `read`. */
export function write(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  return transact(fd, { call: "write", type: MessageType.write, message: bytes, reply: NOTHING });
}

/** Closes a descriptor after the resource manager has closed its side. @throws {SystemError} as `read`. */
export function close(fd: number): void {
  try {
    transact(fd, { call: "close", type: MessageType.close, message: NOTHING, reply: NOTHING });
  } catch (error) {
    // A resource manager that has terminated need not be informed.
    if (!hasErrno(error, Errno.ESRCH, Errno.EBADF)) throw error;
  } finally {
    detach(fd, "close");
  }
}
