/**
 * Doors: calling a procedure in another process of the same machine (UNP volume 2, chapter 15; the
 * interface is that of Solaris's libdoor). Linux has no doors in its kernel: these are made of Unix
 * sockets and Workers.
 *
 * A door is a descriptor. Its server makes it and gives it a path; whoever opens the path, or is passed
 * the descriptor, calls the procedure and waits until it returns.
 *
 * @module
 */
export { fattach, fdetach } from "./attach.ts";
export {
  type CallResult,
  closeDoor,
  type DoorArguments,
  doorCall,
  type DoorInfo,
  doorInfo,
  openDoor,
} from "./client.ts";
export {
  type DoorAttributes,
  doorCreate,
  doorRevoke,
  doorServerCreate,
  type ThreadCreation,
  type ThreadWanted,
} from "./create.ts";
export { type DoorCode, DoorError, ProcedureError } from "./errors.ts";
export type { Passed } from "./passing.ts";
export type { Notice } from "./table.ts";
export {
  DOOR_UNREF_DATA,
  doorCred,
  type DoorResult,
  doorReturn,
  type Procedure,
} from "./procedure.ts";
export { doorBind } from "./thread.ts";
export type { Credentials } from "../../posix/messages.ts";
