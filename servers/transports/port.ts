/**
 * Listening on ports of 127.0.0.1, where Herd's servers are.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { internetAddress } from "../posix/addresses.ts";
import { Errno, hasErrno } from "../posix/errors.ts";
import { boundSocket, listen, startListening } from "../posix/sockets.ts";

/**
 * Listens on a port of 127.0.0.1; the system chooses one for 0.
 *
 * @returns the listening socket.
 * @throws {UsageError} if the port is in use.
 */
export function listenOn(port: number): number {
  return unlessInUse(port, (action) => listen(internetAddress("127.0.0.1", port), action));
}

/** Like `listenOn`, but only binds: clients cannot connect yet. */
export function bindPort(port: number): number {
  return unlessInUse(port, (action) => boundSocket(internetAddress("127.0.0.1", port), action));
}

/** Makes a socket of `bindPort` listen. @throws {UsageError} if another server bound to the port listens already. */
export function listenOnBound(listener: number, port: number): void {
  unlessInUse(port, (action) => startListening(listener, action));
}

function unlessInUse<T>(port: number, body: (action: string) => T): T {
  try {
    return body(`listen on 127.0.0.1:${port}`);
  } catch (error) {
    if (!hasErrno(error, Errno.EADDRINUSE)) throw error;
    throw new UsageError(
      `Cannot listen on 127.0.0.1:${port}: the port is in use`,
      { option: "port" },
    );
  }
}
