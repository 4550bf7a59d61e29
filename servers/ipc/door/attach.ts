/**
 * Doors with a name in the file system (fattach(3C), fdetach(3C)).
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

/** What this thread has attached, by path. */
const attached = new Map<string, { readonly door: DoorSlot; readonly file: SocketFile }>();

/**
 * Gives a door of this process a path, by which `openDoor` finds it. Whoever may write to the file may
 * open the door; chmod changes who that is. The path goes with the process. A door may have several.
 *
 * Unlike that of Solaris it makes the file and does not cover one that is there.
 *
 * @throws {AddressError} where another server is there, another file, or what another user left behind.
 * @throws {DoorError} `EBADF` where the descriptor is no door of this process.
 */
export function fattach(door: number, path: string): void {
  const slot = ownDoor(door);
  const file = new SocketFile(path, SocketType.messages);
  attached.set(path, { door: slot, file });
  attachListener(door, file.listener);
}

/** Lets those who connect to a listener, whose connections carry messages, open the door. */
export function attachListener(door: number, listener: number): void {
  enableCredentials(listener);
  addEnd(ownDoor(door), End.path, listener);
}

function ownDoor(door: number): DoorSlot {
  const slot = localDoor(door);
  if (slot) return slot;
  throw new DoorError("EBADF", `Cannot attach door ${door}: it is no door of this process`);
}

/**
 * Takes the path from a door. Who has opened the door keeps it.
 *
 * @throws {DoorError} `EBADF` where this thread has attached none there.
 */
export function fdetach(path: string): void {
  const found = attached.get(path);
  if (found === undefined) {
    throw new DoorError("EBADF", `Cannot detach ${path}: this thread has attached no door there`);
  }
  attached.delete(path);
  found.file[Symbol.dispose]();
  // A thread of the pool finds it ended, and closes it.
  shutDown(found.file.listener);
}

/** Takes all its paths from a door. */
export function detachAll(door: DoorSlot): void {
  for (const [path, { door: { index } }] of attached) if (index === door.index) fdetach(path);
}
