/**
 * Running a procedure: its arguments, its result, and the credentials of its caller.
 *
 * @module
 */
import { close } from "../../posix/io.ts";
import type { Credentials } from "../../posix/messages.ts";
import {
  type DoorMessage,
  Kind,
  type ReceivedDoorMessage,
  reply,
  sendDoorMessage,
} from "./message.ts";
import { type Passed, passOn } from "./passing.ts";

/** The result of a procedure. */
export interface DoorResult extends Passed {
  readonly data?: Uint8Array<ArrayBuffer>;
}

/**
 * The procedure of a door: the default export of a module, which each thread loads for itself.
 *
 * A procedure with a third parameter must close the descriptors passed with a call; for others they are closed.
 * A call with `DOOR_UNREF_DATA` as data means that the door has become unreferenced; see
 * `DoorAttributes.unreferenced`.
 */
export type Procedure<Cookie = unknown> = (
  cookie: Cookie,
  data: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
) => DoorResult | void | Promise<DoorResult | void>;

/** The procedure of a door, and its cookie. */
export interface LoadedProcedure {
  readonly procedure: Procedure;
  readonly cookie: unknown;
}

/** The data of the call for a door that has become unreferenced. Compare by identity. */
export const DOOR_UNREF_DATA: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** A call in progress. */
interface Call {
  /** Undefined for an unreferenced call. */
  readonly message: ReceivedDoorMessage | undefined;
  /** The socket on which the caller waits. */
  readonly socket: number;
  isAnswered: boolean;
}

/** The call in progress in this thread. */
let call: Call | undefined;

/** Thrown by `doorReturn` to leave the procedure. */
const RETURNED = Symbol("door returned");

/**
 * Returns a result to the caller and does not return itself (door_return(3C)). Returning the result from the
 * procedure has the same effect.
 *
 * @throws {Error} outside a procedure's call.
 */
export function doorReturn(result: DoorResult = {}): never {
  if (call === undefined) throw new Error("Cannot return from a door: no call is in progress");
  answer(call, result);
  throw RETURNED;
}

/**
 * The credentials of the process that made the call in progress, from the kernel (door_cred(3C)). They are
 * the caller's, even if another process opened the door.
 *
 * @throws {Error} outside a procedure's call, and in an unreferenced call.
 */
export function doorCred(): Credentials {
  if (call?.message) return call.message.sender;
  throw new Error("Cannot get the credentials of a door's caller: no call is in progress");
}

/** Runs a procedure and sends its result; a promise if it is asynchronous. */
export function answerCall(
  loaded: LoadedProcedure,
  message: ReceivedDoorMessage,
  socket: number,
): Promise<void> | void {
  const { data, descriptors } = message;
  return run({ message, socket, isAnswered: false }, loaded, data, descriptors);
}

/** Runs a procedure without a caller: its door has become unreferenced. */
export function deliverUnreferenced(loaded: LoadedProcedure): Promise<void> | void {
  const call = { message: undefined, socket: -1, isAnswered: true };
  return run(call, loaded, DOOR_UNREF_DATA, []);
}

function run(
  own: Call,
  { procedure, cookie }: LoadedProcedure,
  data: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
): Promise<void> | void {
  call = own;
  if (procedure.length < 3) descriptors.forEach(close);
  try {
    const result = procedure(cookie, data, descriptors);
    if (result instanceof Promise) return finish(own, result);
    answer(own, result ?? {});
  } catch (error) {
    fail(own, error);
  }
  call = undefined;
}

async function finish(own: Call, result: Promise<DoorResult | void>): Promise<void> {
  try {
    answer(own, await result ?? {});
  } catch (error) {
    fail(own, error);
  }
  call = undefined;
}

/** Sends the result, unless one was sent, or the error if it cannot be sent. Ignores a disconnected caller. */
function answer(call: Call, { data, ...passed }: DoorResult): void {
  if (call.isAnswered) return;
  call.isAnswered = true;
  try {
    passOn(passed, (descriptors) => send(call, { kind: Kind.result, data, descriptors }));
  } catch (error) {
    reply(call.socket, failure(error));
  }
}

function fail(call: Call, error: unknown): void {
  if (error === RETURNED || call.isAnswered) return;
  call.isAnswered = true;
  reply(call.socket, failure(error));
}

function send({ socket, message }: Call, result: DoorMessage): void {
  // If the caller leaves its replies unread, this one is dropped: the thread must not block.
  const wait = false;
  sendDoorMessage(socket, result, message!.inlineLimit, wait);
}

/** The reply to a call whose procedure failed. */
export function failure(error: unknown): DoorMessage {
  return { kind: Kind.failed, data: new TextEncoder().encode(messageOf(error)) };
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error);
