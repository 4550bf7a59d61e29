/**
 * Where the servers are: a port of 127.0.0.1.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { internetAddress } from "../posix/addresses.ts";
import { Errno, SystemError } from "../posix/errors.ts";
import { boundSocket, listen, startListening } from "../posix/sockets.ts";

/**
 * Listens on a port of 127.0.0.1; 0 lets the system pick one.
 *
 * @returns the listening socket.
 * @throws {UsageError} where the port is in use.
 */
export function listenOn(port: number): number {
  return unlessInUse(port, (action) => listen(internetAddress("127.0.0.1", port), action));
}

/** Takes a port, where nobody can connect yet. The result and errors are as those of `listenOn`. */
export function bindPort(port: number): number {
  return unlessInUse(port, (action) => boundSocket(internetAddress("127.0.0.1", port), action));
}

/** Lets clients connect to a port that was taken; another server that took it, too, may be quicker. */
export function listenOnBound(listener: number, port: number): void {
  unlessInUse(port, (action) => startListening(listener, action));
}

function unlessInUse<T>(port: number, body: (action: string) => T): T {
  try {
    return body(`listen on 127.0.0.1:${port}`);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== Errno.EADDRINUSE) throw error;
    throw new UsageError(
      `Cannot listen on 127.0.0.1:${port}: the port is in use`,
      { option: "port" },
    );
  }
}
