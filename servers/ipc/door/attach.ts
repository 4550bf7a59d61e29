/**
 * Attaching doors to paths in the file system (fattach(3C), fdetach(3C)).
 *
 * @module
 */
import { enableCredentials } from "../../posix/messages.ts";
import { SocketFile } from "../../posix/socket_files.ts";
import { shutDown, SocketType } from "../../posix/sockets.ts";
import { addEnd, End } from "./ends.ts";
import { DoorError } from "./errors.ts";
import { localDoor } from "./passing.ts";
import type { DoorSlot } from "./table.ts";

/** The doors attached by this thread, by path. */
const attached = new Map<string, { readonly door: DoorSlot; readonly file: SocketFile }>();

/**
 * Attaches a door of this process to a path, for `openDoor`. Users with write permission on the file may open
 * the door: its owner alone, until chmod(2) says otherwise. The path is removed when the process terminates. A door may have several paths.
 *
 * Unlike fattach(3C) on Solaris, it creates the file and does not cover an existing one.
 *
 * @throws {AddressError} if a server listens there, or if the path is another file or another user's socket.
 * @throws {DoorError} `EBADF` if the descriptor is not a door of this process.
 */
export function fattach(door: number, path: string): void {
  const slot = ownDoor(door);
  const file = new SocketFile(path, SocketType.messages);
  attached.set(path, { door: slot, file });
  attachListener(door, file.listener);
}

/** Makes connections to a listener for messages open the door. */
export function attachListener(door: number, listener: number): void {
  enableCredentials(listener);
  addEnd(ownDoor(door), End.path, listener);
}

function ownDoor(door: number): DoorSlot {
  const slot = localDoor(door);
  if (slot) return slot;
  throw new DoorError("EBADF", `Cannot attach door ${door}: it is not a door of this process`);
}

/**
 * Detaches a door from a path. Clients that have opened the door keep it.
 *
 * @throws {DoorError} `EBADF` if this thread has attached no door there.
 */
export function fdetach(path: string): void {
  const found = attached.get(path);
  if (found === undefined) {
    throw new DoorError("EBADF", `Cannot detach ${path}: this thread has attached no door there`);
  }
  attached.delete(path);
  found.file[Symbol.dispose]();
  // A thread of the pool finds it shut down and closes it.
  shutDown(found.file.listener);
}

/** Detaches a door from all its paths. */
export function detachAll(door: DoorSlot): void {
  for (const [path, { door: { index } }] of attached) if (index === door.index) fdetach(path);
}
