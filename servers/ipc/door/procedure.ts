/**
 * Running a procedure for a caller: what it is given, how it returns, and whom it may ask about.
 *
 * @module
 */
import type { Credentials } from "../../posix/messages.ts";
import { Kind, type Letter, type ReceivedDoorMessage, sendDoorMessage } from "./letter.ts";
import { type Passed, passOn } from "./passing.ts";

/** What a procedure returns. */
export interface DoorResult extends Passed {
  readonly data?: Uint8Array<ArrayBuffer>;
}

/**
 * A procedure behind a door: the default export of a module, which every thread loads for itself.
 *
 * The descriptors that came with a call are the procedure's to close. Where the door was made with
 * `unreferenced`, a call with `DOOR_UNREF_DATA` as data says that nobody refers to the door any more.
 */
export type Procedure<Cookie = unknown> = (
  cookie: Cookie,
  data: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
) => DoorResult | void | Promise<DoorResult | void>;

/** The procedure of a door, and what it is to be given. */
export interface Loaded {
  readonly procedure: Procedure;
  readonly cookie: unknown;
}

/** The data of the call that says that nobody refers to the door any more. */
export const DOOR_UNREF_DATA: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** The call that this thread is answering. */
interface Call {
  /** Undefined where nobody called. */
  readonly letter: ReceivedDoorMessage | undefined;
  /** Where the caller waits. */
  readonly socket: number;
  isAnswered: boolean;
}

let call: Call | undefined;

/** Thrown by `doorReturn` through the procedure. */
const RETURNED = Symbol("door returned");

/**
 * Ends the call with a result and does not come back, as door_return(3C). What a procedure returns does
 * the same.
 *
 * @throws {Error} outside of a procedure's call.
 */
export function doorReturn(result: DoorResult = {}): never {
  if (call === undefined) throw new Error("Cannot return from a door: no call is being answered");
  answer(call, result);
  throw RETURNED;
}

/**
 * Who made the call that is being answered, from the kernel: the process that called, whoever opened the
 * door.
 *
 * @throws {Error} outside of a procedure's call, and in that which says that nobody refers to the door.
 */
export function doorCred(): Credentials {
  if (call?.letter) return call.letter.sender;
  throw new Error("Cannot tell who called a door: no call is being answered");
}

/** Runs a procedure and sends what it returns; a promise where it is asynchronous. */
export function answerCall(
  loaded: Loaded,
  letter: ReceivedDoorMessage,
  socket: number,
): Promise<void> | void {
  const { data, descriptors } = letter;
  return run({ letter, socket, isAnswered: false }, loaded, data, descriptors);
}

/** Runs a procedure for nobody: to tell it that nobody refers to its door. */
export function deliverUnreferenced(loaded: Loaded): Promise<void> | void {
  const nobody = { letter: undefined, socket: -1, isAnswered: true };
  return run(nobody, loaded, DOOR_UNREF_DATA, []);
}

function run(
  own: Call,
  { procedure, cookie }: Loaded,
  data: Uint8Array<ArrayBuffer>,
  descriptors: readonly number[],
): Promise<void> | void {
  call = own;
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

/** Sends a result, the first time, as far as it can be sent. A caller that went away is no matter. */
function answer(call: Call, { data, ...passed }: DoorResult): void {
  if (call.isAnswered) return;
  call.isAnswered = true;
  try {
    passOn(passed, (descriptors) => send(call, { kind: Kind.result, data, descriptors }));
  } catch (error) {
    send(call, failure(error));
  }
}

function fail(call: Call, error: unknown): void {
  if (error === RETURNED || call.isAnswered) return;
  call.isAnswered = true;
  send(call, failure(error));
}

function send({ socket, letter }: Call, reply: Letter): void {
  // A caller that leaves its answers unread waits in vain for this one: the thread must not.
  const wait = false;
  sendDoorMessage(socket, reply, letter!.room, wait);
}

/** The answer to a call whose procedure failed. */
export function failure(error: unknown): Letter {
  return { kind: Kind.failed, data: new TextEncoder().encode(messageOf(error)) };
}

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error);
