/**
 * Doors: calling a procedure in another process on the same machine (UNP volume 2, chapter 15; the interface
 * is that of Solaris's libdoor). The Linux kernel has no doors; these are built from Unix sockets and Workers.
 *
 * A door is a descriptor. Its server creates it and attaches it to a path. A client that opens the path or
 * receives the descriptor calls the procedure and blocks until it returns.
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
  type ThreadRequest,
} from "./create.ts";
export { type DoorCode, DoorError, ProcedureError } from "./errors.ts";
export type { Passed } from "./passing.ts";
export type { UnreferencedMode } from "./table.ts";
export {
  DOOR_UNREF_DATA,
  doorCred,
  type DoorResult,
  doorReturn,
  type Procedure,
} from "./procedure.ts";
export { doorBind } from "./thread.ts";
export type { Credentials } from "../../posix/messages.ts";
