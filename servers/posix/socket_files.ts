/**
 * Listening Unix sockets with a path. The path is removed when the listening process terminates, in whatever
 * way. A stale one, left by a crash of the machine, is replaced by the next server.
 *
 * @module
 */
import { AddressError, type SocketAddress, unixAddress } from "./addresses.ts";
import { pipe } from "./descriptors.ts";
import { O_CLOEXEC } from "./constants.ts";
import { errno, errnoName, SystemError } from "./errors.ts";
import { lockWithin } from "./locking.ts";
import { type FileStatus, fileStatus, unlink } from "./files.ts";
import { close, read } from "./io.ts";
import { cString, libc } from "./libc.ts";
import { getuid, wait } from "./processes.ts";
import { spawn } from "./programs.ts";
import { connect, createSocket, listen, socketTimeout, type SocketType } from "./sockets.ts";

/**
 * Removes the path at the end of standard input, which is when its server terminates, if the path is still
 * that of the same file. Prints a line when it is ready.
 */
const GUARD = `
  trap "" HUP INT TERM PIPE
  file=$(stat -c %d:%i:%w -- "$1") && echo && exec >&-
  read -r _
  [ "$(stat -c %d:%i:%w -- "$1" 2>&-)" = "$file" ] && rm -f -- "$1"
`;

/** A listening Unix socket with a path. */
export class SocketFile implements Disposable {
  readonly path: string;
  /** The listening socket. */
  readonly listener: number;
  readonly #inode: bigint;
  readonly #guard: number;
  readonly #guarded: number;

  /**
   * Listens at a path. A stale socket there is replaced.
   *
   * @throws {AddressError} if a server listens there, if the path is not a socket, or if the socket belongs
   * to another user.
   */
  constructor(path: string, type: SocketType) {
    const address = unixAddress(path);
    this.path = path;
    using _ = lockFolder(path);
    const found = fileStatus(path);
    if (found) removeStale(path, type, found);
    this.listener = listenAt(path, address, type);
    this.#inode = fileStatus(path)!.inode;
    [this.#guard, this.#guarded] = startGuard(path);
  }

  /** Removes the path. The socket stays open. */
  [Symbol.dispose](): void {
    {
      using _ = lockFolder(this.path);
      if (fileStatus(this.path)?.inode === this.#inode) unlink(this.path);
    }
    close(this.#guarded);
    wait(this.#guard);
  }
}

function listenAt(path: string, address: SocketAddress, type: SocketType): number {
  try {
    return listen(address, `listen at ${path}`, type);
  } catch (error) {
    if (!(error instanceof SystemError) || error.call !== "bind") throw error;
    throw new AddressError(`Cannot listen at ${path}: ${error.code}; use another path`);
  }
}

/** Starts the process that removes the path. It does so when the descriptor `guarded` is closed. */
function startGuard(path: string): [pid: number, guarded: number] {
  const [input, guarded] = pipe();
  const [readyEnd, ready] = pipe();
  const pid = spawn("/bin/sh", ["-c", GUARD, "herd-guard", path], [[input, 0], [ready, 1]]);
  close(input);
  close(ready);
  const isReady = read(readyEnd, new Uint8Array(1)) > 0;
  close(readyEnd);
  if (!isReady) throw new AddressError(`Cannot listen at ${path}: /bin/sh and stat are missing`);
  return [pid, guarded];
}

/** Removes a socket of this user on which no process listens. @throws {AddressError} for any other file. */
function removeStale(path: string, type: SocketType, { isSocket, uid }: FileStatus): void {
  if (!isSocket) {
    throw new AddressError(`Cannot listen at ${path}: the file exists; use another path`);
  }
  if (uid !== getuid()) {
    throw new AddressError(
      `Cannot listen at ${path}: the socket there belongs to user ${uid}; use another path`,
    );
  }
  if (isInUse(path, type)) {
    throw new AddressError(`Cannot listen at ${path}: a server listens there; use another path`);
  }
  unlink(path);
}

/** Timeout of the connection that tests whether a server listens. */
const PROBE_TIMEOUT_SECONDS = 1;

function isInUse(path: string, type: SocketType): boolean {
  const address = unixAddress(path);
  const probe = createSocket(address, type, socketTimeout(PROBE_TIMEOUT_SECONDS));
  try {
    connect(probe, address);
    return true;
  } catch (error) {
    return !(error instanceof SystemError && error.code === "ECONNREFUSED");
  } finally {
    close(probe);
  }
}

/** Timeout for other processes that are creating a socket in the folder. */
const LOCK_TIMEOUT_MS = 1000;

/**
 * Locks the folder of a path (flock(2)), so that only one of several servers replaces a stale socket. The
 * lock ends with its descriptor.
 */
function lockFolder(path: string): Disposable {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : ".";
  const fd = libc.open(cString(folder), O_CLOEXEC, 0);
  if (fd === -1) {
    throw new AddressError(
      `Cannot listen at ${path}: its folder cannot be opened (${errnoName(errno())})`,
    );
  }
  if (!lockWithin(fd, LOCK_TIMEOUT_MS)) {
    close(fd);
    throw new AddressError(`Cannot listen at ${path}: its folder is locked by another process`);
  }
  return { [Symbol.dispose]: () => close(fd) };
}
