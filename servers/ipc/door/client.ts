/**
 * The caller's side of a door.
 *
 * A door is a descriptor: one end of a socket, the other end of which a pool of threads in the server
 * waits for. Any number of processes and threads may have a copy of it. Answers come over the same socket
 * to the thread that opened it, as long as nobody else has it; anyone else sends with each call a socket
 * of its own to be answered on.
 *
 * @module
 */
import { AddressError, unixAddress } from "../../posix/addresses.ts";
import { SystemError } from "../../posix/errors.ts";
import { fileStatus } from "../../posix/files.ts";
import { close } from "../../posix/io.ts";
import { messagePair } from "../../posix/messages.ts";
import { connect, createSocket, type SocketTimeout, SocketType } from "../../posix/sockets.ts";
import { type DoorCode, DoorError, ProcedureError } from "./errors.ts";
import {
  Kind,
  type Letter,
  type ReceivedDoorMessage,
  receiveDoorMessage,
  sendDoorMessage,
} from "./letter.ts";
import { INLINE_LIMIT, PASS_LIMIT } from "./letter.ts";
import { addUnshared, dropUnshared, isUnshared, type Passed, passOn } from "./passing.ts";
import type { Notice } from "./table.ts";

/** What is handed to a procedure. */
export interface DoorArguments extends Passed {
  /** Arguments (default: none). */
  readonly data?: Uint8Array<ArrayBuffer>;
  /**
   * Bytes of result there is room for: up to 64 KiB of result come in the message itself. A larger result
   * arrives whole, too, by way of memory of its own.
   */
  readonly resultSize?: number;
}

/** What a procedure has returned. The descriptors are the caller's to close. */
export interface CallResult {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly descriptors: readonly number[];
}

/** What is known of a door (door_info(3C)). */
export interface DoorInfo {
  /** Process number of its server. */
  readonly target: number;
  /** What tells it from every other door of that process. */
  readonly id: number;
  /** Whether its server is this very process. */
  readonly isLocal: boolean;
  /** Whether it has a pool of threads of its own. */
  readonly isPrivate: boolean;
  readonly isRevoked: boolean;
  /** When its procedure is told that nobody refers to it. */
  readonly unreferenced: Notice;
}

/**
 * Opens the door that a server has attached to a path.
 *
 * @param limit how long a call may take that this thread makes of it (then: SystemError, EAGAIN).
 * @returns the door's descriptor, for `doorCall`; `closeDoor` closes it.
 * @throws {AddressError} where there is nothing at the path, or no door.
 * @throws {DoorError} `EBADF` where its server is gone.
 */
export function openDoor(path: string, limit?: SocketTimeout): number {
  const address = unixAddress(path);
  const door = createSocket(address, SocketType.messages, limit);
  try {
    connect(door, address);
  } catch (error) {
    close(door);
    throw openingError(path, error);
  }
  addUnshared(door);
  return door;
}

function openingError(path: string, cause: unknown): unknown {
  if (!(cause instanceof SystemError)) return cause;
  const action = `Cannot open the door ${path}`;
  if (cause.code === "ECONNREFUSED" && isSocket(path)) {
    return new DoorError("EBADF", `${action}: its server is gone`, { cause });
  }
  return new AddressError(`${action}: ${REASONS[cause.code] ?? cause.message}`, { cause });
}

/** A path, or an abstract name, which no file has. */
const isSocket = (path: string) => path.startsWith("\0") || fileStatus(path)?.isSocket;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "there is a file that is no door",
  ENOENT: "there is nothing at that path",
  ENOTDIR: "there is nothing at that path",
  EACCES: "this user may not",
  EPROTOTYPE: "there is a socket that is no door",
};

/** Closes a door's descriptor. */
export function closeDoor(door: number): void {
  dropUnshared(door);
  close(door);
}

/**
 * Calls the procedure behind a door, and waits until it has returned (door_call(3C)).
 *
 * @throws {ProcedureError} where it threw instead.
 * @throws {DoorError} where it could not be called, or will never return.
 */
export function doorCall(
  door: number,
  { data, resultSize = INLINE_LIMIT, ...passed }: DoorArguments = {},
): CallResult {
  const count = passed.descriptors?.length ?? 0;
  if (count > PASS_LIMIT) {
    throw new RangeError(`Cannot pass ${count} descriptors: a call takes up to ${PASS_LIMIT}`);
  }
  return passOn(passed, (descriptors) => {
    const result = exchange(door, { kind: Kind.call, data, room: resultSize, descriptors });
    for (const descriptor of result.descriptors) dropUnshared(descriptor);
    return { data: result.data, descriptors: result.descriptors };
  });
}

/** Tells about a door. @throws {DoorError} as a call does. */
export function doorInfo(door: number): DoorInfo {
  const { data } = exchange(door, { kind: Kind.info });
  const info = JSON.parse(new TextDecoder().decode(data));
  return { ...info, isLocal: info.target === Deno.pid };
}

/** Sends a letter and waits for the answer. */
function exchange(door: number, letter: Letter): ReceivedDoorMessage {
  if (isUnshared(door)) return understand(door, exchangeOver(door, letter));
  const [own, replyTo] = messagePair();
  try {
    try {
      send(door, { ...letter, replyTo });
    } finally {
      close(replyTo);
    }
    return understand(door, receiveDoorMessage(own));
  } finally {
    close(own);
  }
}

function exchangeOver(door: number, letter: Letter): ReceivedDoorMessage | "closed" {
  send(door, letter);
  try {
    return receiveDoorMessage(door);
  } catch (error) {
    // The time limit ran out. What is answered later must not be taken for another call's answer.
    dropUnshared(door);
    throw error;
  }
}

/** Errors of sendmsg(2) that say that a descriptor is not what it is taken for. */
const NO_DOOR = new Set(["EBADF", "ENOTSOCK", "ENOTCONN", "EOPNOTSUPP"]);

function send(door: number, letter: Letter): void {
  let sent;
  try {
    sent = sendDoorMessage(door, letter);
  } catch (error) {
    if (!(error instanceof SystemError) || !NO_DOOR.has(error.code)) throw error;
    const what = letter.descriptors?.length ? ", or one to pass is not open" : "";
    throw new DoorError("EBADF", `Cannot call door ${door}: the descriptor is no door${what}`);
  }
  if (sent === "closed") {
    throw new DoorError("EBADF", `Cannot call door ${door}: it was revoked, or its server is gone`);
  }
}

/** Turns an answer that says what went wrong into an error. */
function understand(door: number, answer: ReceivedDoorMessage | "closed"): ReceivedDoorMessage {
  if (answer === "closed") {
    throw new DoorError("EINTR", `Cannot finish the call of door ${door}: its server ended`);
  }
  if (!answer.isComplete) {
    answer.descriptors.forEach(close);
    const reason = "this process has no room for the descriptors of the result, or its data";
    throw new DoorError("EMFILE", `Cannot finish the call of door ${door}: ${reason}`);
  }
  const text = () => new TextDecoder().decode(answer.data);
  if (answer.kind === Kind.failed) throw new ProcedureError(text());
  if (answer.kind === Kind.refused) {
    const [code, ...reason] = text().split(" ");
    throw new DoorError(code as DoorCode, `Cannot call door ${door}: ${reason.join(" ")}`);
  }
  return answer;
}
