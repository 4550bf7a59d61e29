/**
 * Listening sockets that have a name in the file system. The name goes with the process that listens,
 * however that ends; one that a crash of the whole machine left behind is taken over by the next.
 *
 * @module
 */
import { sleep } from "./clocks.ts";
import { errno, errnoName, SystemError } from "./errors.ts";
import { type FileStatus, fileStatus, unlink } from "./files.ts";
import { cString, libc } from "./libc.ts";
import { getuid, spawn, wait } from "./processes.ts";
import {
  AddressError,
  close,
  connect,
  listen,
  pipe,
  read,
  type SocketAddress,
  socketTimeout,
  type SocketType,
  unconnected,
  unixAddress,
} from "./sockets.ts";

/**
 * Removes the name once its standard input ends, which is when its process ends, and if the name is then
 * still that of the same file. It says so when it is ready.
 */
const GUARD = `
  trap "" HUP INT TERM PIPE
  file=$(stat -c %d:%i:%w -- "$1") && echo && exec >&-
  read -r _
  [ "$(stat -c %d:%i:%w -- "$1" 2>&-)" = "$file" ] && rm -f -- "$1"
`;

/** A listening socket at a path. */
export class SocketFile implements Disposable {
  readonly path: string;
  /** The listening socket. */
  readonly listener: number;
  readonly #inode: bigint;
  readonly #guard: number;
  readonly #guarded: number;

  /**
   * Listens at a path. What a server left there that is gone is taken over.
   *
   * @throws {AddressError} where a server listens there already, where there is something else, or where
   * what is there belongs to another user.
   */
  constructor(path: string, type: SocketType) {
    const address = unixAddress(path);
    this.path = path;
    using _ = lockFolder(path);
    const found = fileStatus(path);
    if (found) takeOver(path, type, found);
    this.listener = listenAt(path, address, type);
    this.#inode = fileStatus(path)!.inode;
    [this.#guard, this.#guarded] = startGuard(path);
  }

  /** Removes the name. The socket stays open. */
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
    throw new AddressError(`Cannot listen at ${path}: ${error.code}; write another path`);
  }
}

/** Starts what removes the name; its process number, and the descriptor that keeps it from doing so. */
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

/** Removes what is at the path, if it is a socket nobody listens on any more and ours to remove. */
function takeOver(path: string, type: SocketType, { isSocket, uid }: FileStatus): void {
  if (!isSocket) {
    throw new AddressError(`Cannot listen at ${path}: there is a file already; write another path`);
  }
  if (uid !== getuid()) {
    throw new AddressError(
      `Cannot listen at ${path}: the socket there belongs to user ${uid}; write another path`,
    );
  }
  if (isInUse(path, type)) {
    throw new AddressError(`Cannot listen at ${path}: a server does already; write another path`);
  }
  unlink(path);
}

/** How long a server that is busy is waited for, to see that it is there. */
const KNOCK_SECONDS = 1;

function isInUse(path: string, type: SocketType): boolean {
  const address = unixAddress(path);
  const probe = unconnected(address, type, socketTimeout(KNOCK_SECONDS));
  try {
    connect(probe, address);
    return true;
  } catch (error) {
    return !(error instanceof SystemError && error.code === "ECONNREFUSED");
  } finally {
    close(probe);
  }
}

/** How long another process may take to look at the folder and listen there. */
const LOCK_MS = 1000;

/**
 * Locks the folder of a path, so that of several servers that find the same name left behind only one
 * takes it over. The lock goes with its descriptor.
 */
function lockFolder(path: string): Disposable {
  const O_CLOEXEC = 0o2000000;
  const [LOCK_EX, LOCK_NB] = [2, 4];
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : ".";
  const fd = libc.open(cString(folder), O_CLOEXEC, 0);
  if (fd === -1) {
    throw new AddressError(
      `Cannot listen at ${path}: cannot open its folder (${errnoName(errno())})`,
    );
  }
  for (const end = performance.now() + LOCK_MS; libc.flock(fd, LOCK_EX | LOCK_NB) < 0;) {
    if (performance.now() > end) {
      close(fd);
      throw new AddressError(`Cannot listen at ${path}: another process has its folder locked`);
    }
    sleep(1);
  }
  return { [Symbol.dispose]: () => close(fd) };
}
