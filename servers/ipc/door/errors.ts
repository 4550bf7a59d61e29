/**
 * Errors of doors, with codes of door_call(3C).
 *
 * @module
 */

import { FailedError } from "../../errors.ts";
import { Errno } from "../../posix/errors.ts";

/**
 * Why a call could not be made or did not return:
 * - `EBADF`: the descriptor is not a door, the door was revoked, or its server has terminated;
 * - `EINTR`: the server or its thread died before the procedure returned;
 * - `EMFILE`: the receiving process had no free descriptors for those that were passed.
 */
export type DoorCode = "EBADF" | "EINTR" | "EMFILE";

/** A call of a door failed. */
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

/** A door's procedure threw an error with this message. */
export class ProcedureError extends FailedError {
  override name = "ProcedureError";
}
