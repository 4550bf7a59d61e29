/**
 * What can go wrong with a door, by the codes of door_call(3C).
 *
 * @module
 */

import { FailedError } from "../../errors.ts";
import { Errno } from "../../posix/errors.ts";

/**
 * Why a call could not be made or did not return:
 * - `EBADF`: the descriptor is no door, the door was revoked, or its server is gone;
 * - `EINTR`: the server ended, or the thread did, before the procedure returned;
 * - `EMFILE`: descriptors that were passed did not find room in the process that receives them.
 */
export type DoorCode = "EBADF" | "EINTR" | "EMFILE";

/** A door could not be called. */
export class DoorError extends FailedError {
  override name = "DoorError";
  readonly code: DoorCode;

  constructor(code: DoorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The code as an error number. */
  get errno(): number {
    return Errno[this.code];
  }
}

/** The procedure behind a door threw an error; its message is this one's. */
export class ProcedureError extends FailedError {
  override name = "ProcedureError";
}
